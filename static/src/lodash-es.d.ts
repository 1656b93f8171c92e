declare module "lodash-es/debounce.js" {
  export { debounce as default } from "lodash";
}
