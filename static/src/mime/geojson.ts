/** GeoJSON as a drawing: Web Mercator, scaled to its bounds, each feature with its properties as a tooltip. */

import type { Feature, GeoJSON, Geometry, Position } from "geojson";

const WIDTH = 720;
const TALLEST = 480;
const PADDING = 12;
const SVG = "http://www.w3.org/2000/svg";

type Project = (position: Position) => [number, number];

export function render(host: HTMLElement, data: unknown): void {
  const features = featuresOf(data as GeoJSON);
  const points = features.flatMap(({ geometry }) => (geometry ? positions(geometry) : []));
  if (points.length === 0) {
    host.textContent = "This GeoJSON has nothing to draw.";
    return;
  }
  const { height, project } = scaleTo(points.map(mercator));
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", `0 0 ${WIDTH} ${height}`);
  svg.setAttribute("class", "ka-geo");
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", `Map of ${features.length} features`);
  for (const feature of features) svg.append(draw(feature, (position) => project(mercator(position))));
  host.append(svg);
}

function featuresOf(data: GeoJSON): Feature[] {
  if (data.type === "FeatureCollection") return data.features;
  return [data.type === "Feature" ? data : { type: "Feature", geometry: data, properties: null }];
}

function positions(geometry: Geometry): Position[] {
  if (geometry.type === "GeometryCollection") return geometry.geometries.flatMap(positions);
  const depth = { Point: 0, MultiPoint: 1, LineString: 1, MultiLineString: 2, Polygon: 2, MultiPolygon: 3 }[geometry.type];
  return (depth === 0 ? [geometry.coordinates] : (geometry.coordinates as unknown[]).flat(depth - 1)) as Position[];
}

/** East and north in degrees of the equator; the poles themselves are out of reach. */
function mercator([lon = 0, lat = 0]: Position): [number, number] {
  const bounded = Math.max(-85, Math.min(85, lat));
  return [lon, (Math.log(Math.tan(Math.PI / 4 + (bounded * Math.PI) / 360)) * 180) / Math.PI];
}

function scaleTo(points: [number, number][]): { height: number; project: Project } {
  let [west, south, east, north] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const [x, y] of points) {
    [west, east] = [Math.min(west, x), Math.max(east, x)];
    [south, north] = [Math.min(south, y), Math.max(north, y)];
  }
  const [wide, tall] = [Math.max(east - west, 1e-6), Math.max(north - south, 1e-6)];
  const scale = Math.min((WIDTH - 2 * PADDING) / wide, (TALLEST - 2 * PADDING) / tall);
  const left = (WIDTH - wide * scale) / 2;
  const height = Math.max(tall * scale, 60) + 2 * PADDING;
  const top = (height - tall * scale) / 2;
  return { height, project: ([x = 0, y = 0]) => [left + (x - west) * scale, top + (north - y) * scale] };
}

function draw({ geometry, properties }: Feature, project: Project): SVGElement {
  const group = document.createElementNS(SVG, "g");
  if (properties && Object.keys(properties).length > 0) {
    const title = document.createElementNS(SVG, "title");
    title.textContent = Object.entries(properties)
      .slice(0, 12)
      .map(([name, value]) => `${name}: ${typeof value === "object" ? JSON.stringify(value) : value}`)
      .join("\n");
    group.append(title);
  }
  if (geometry) group.append(...shapes(geometry, project));
  return group;
}

function shapes(geometry: Geometry, project: Project): SVGElement[] {
  const line = (points: Position[]) => `M${points.map((each) => project(each).map((n) => n.toFixed(1))).join("L")}`;
  switch (geometry.type) {
    case "GeometryCollection":
      return geometry.geometries.flatMap((each) => shapes(each, project));
    case "Point":
      return [dot(project(geometry.coordinates))];
    case "MultiPoint":
      return geometry.coordinates.map((each) => dot(project(each)));
    case "LineString":
      return [path("ka-geo-line", line(geometry.coordinates))];
    case "MultiLineString":
      return [path("ka-geo-line", geometry.coordinates.map(line).join(""))];
    case "Polygon":
      return [path("ka-geo-area", `${geometry.coordinates.map(line).join("Z")}Z`)];
    case "MultiPolygon":
      return [path("ka-geo-area", `${geometry.coordinates.flat().map(line).join("Z")}Z`)];
  }
}

function path(className: string, d: string): SVGElement {
  const element = document.createElementNS(SVG, "path");
  element.setAttribute("class", className);
  element.setAttribute("d", d);
  return element;
}

function dot([x, y]: [number, number]): SVGElement {
  const element = document.createElementNS(SVG, "circle");
  for (const [name, value] of Object.entries({ cx: x, cy: y, r: 4, class: "ka-geo-point" })) element.setAttribute(name, String(value));
  return element;
}
