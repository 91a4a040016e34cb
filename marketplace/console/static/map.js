// The map: streets and parks beneath, the district's outline, the day's lines and stops above.

import { given, layer } from "./server.js";

const css = getComputedStyle(document.documentElement);
const colour = (name) => css.getPropertyValue(`--${name}`).trim();
const ROADS = {
  motorway: ["road-major", 3.5], trunk: ["road-major", 3.5], primary: ["road-major", 3.2], secondary: ["road-major", 2.6],
  tertiary: ["road-middle", 2.2],
};
const SPREAD = 15; // pixels between marks that stand at one door

export class DayMap {
  constructor(holder, onChoose) {
    holder.replaceChildren();
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.map = L.map(holder, { preferCanvas: true, zoomSnap: 0.25, zoomAnimation: !still, fadeAnimation: !still });
    this.map.attributionControl.setPrefix(false);
    this.map.setView([0, 0], 2);
    for (const [name, level] of [["ground", 200], ["roads", 250], ["outline", 300], ["lines", 400]]) {
      this.map.createPane(name).style.zIndex = level;
    }
    this.onChoose = onChoose;
    this.drawn = L.layerGroup().addTo(this.map);
    this.lines = new Map();
    this.marks = new Map();
    this.placed = false;
  }

  async drawGround() {
    const [parks, roads, districts] = await Promise.all([layer("parks"), layer("roads"), layer("districts")]);
    const canvas = (pane) => L.canvas({ pane, padding: 0.3 });
    if (parks) {
      const style = { stroke: false, fillColor: colour("park"), fillOpacity: 1 };
      L.geoJSON(parks, { pane: "ground", renderer: canvas("ground"), interactive: false, style }).addTo(this.map);
    }
    if (roads) {
      const style = ({ properties }) => {
        const [name, weight] = ROADS[properties.class] ?? ["road-minor", 1.4];
        return { color: colour(name), weight, opacity: 1 };
      };
      L.geoJSON(roads, { pane: "roads", renderer: canvas("roads"), interactive: false, style }).addTo(this.map);
      this.map.attributionControl.addAttribution(roads.attribution ?? "");
    }
    if (districts) this.drawDistricts(districts, canvas("outline"));
  }

  drawDistricts(districts, renderer) {
    const style = ({ properties }) =>
      properties.code === given.code
        ? { color: colour("accent"), weight: 2.5, opacity: 0.9, fill: false }
        : { color: colour("muted"), weight: 1, opacity: 0.55, dashArray: "3 5", fillColor: colour("outside"), fillOpacity: 0.35 };
    const filter = ({ properties }) => properties.level === "district";
    const shape = L.geoJSON(districts, { pane: "outline", renderer, interactive: false, style, filter }).addTo(this.map);
    shape.eachLayer((one) => {
      if (one.feature.properties.code === given.code) this.home = one.getBounds();
    });
    this.placed = false;
    this.fit();
  }

  // What the day says now. The view stays where it is.
  show(day, chosen) {
    this.drawn.clearLayers();
    this.lines.clear();
    this.marks.clear();
    this.taken = new Map();
    this.bounds = L.latLngBounds([]);
    for (const line of day.lines) this.drawLine(line);
    for (const kitchen of day.kitchens) this.mark(kitchen.at, "kitchen", "", `${given.words.kitchen} · ${kitchen.name}`);
    for (const one of day.single) this.visit(one, `single ${one.progress}`, "");
    for (const one of day.unassigned) this.visit(one, "unassigned", "!");
    this.fit();
    this.choose(chosen);
  }

  drawLine(line) {
    const ink = colour(`hue-${line.hue}`);
    const options = { pane: "lines", color: ink, interactive: false };
    if (line.path.length) {
      const [first, last] = [line.path[0], line.path.at(-1)];
      const home = L.polyline([[line.home, first], [last, line.home]], { ...options, weight: 1.5, opacity: 0.6, dashArray: "2 6" });
      const halo = L.polyline(line.path, { ...options, color: "#fff", weight: 6, opacity: 0.8 });
      const way = L.polyline(line.path, { ...options, weight: 3, opacity: 0.9 });
      this.lines.set(line.shift, { parts: [home, way], stops: new Set(line.stops.map((stop) => stop.visit)) });
      for (const part of [home, halo, way]) part.addTo(this.drawn);
    }
    this.mark(line.home, `home hue-${line.hue}`, "", line.name, 14);
    for (const stop of line.stops) {
      this.visit(stop, `stop hue-${line.hue} ${stop.progress}${stop.late ? " late" : ""}`, stop.number, line.name);
    }
  }

  visit(one, classes, text, who = "") {
    const title = [text, this.titles?.[one.visit]?.title, who].filter(Boolean).join(" · ");
    const mark = this.mark(one.at, classes, text, title, 26, one.visit);
    if (!this.marks.has(one.visit)) this.marks.set(one.visit, []);
    this.marks.get(one.visit).push(mark);
  }

  mark(at, classes, text, title, size = 26, visit = null) {
    const key = at.map((n) => n.toFixed(5)).join();
    const before = visit ? (this.taken.get(key) ?? 0) : 0;
    if (visit) this.taken.set(key, before + 1);
    this.bounds.extend(at);
    const icon = L.divIcon({
      className: `mark-icon ${classes}`, html: `<span>${text}</span>`,
      iconSize: [size, size], iconAnchor: [size / 2 - before * SPREAD, size / 2],
    });
    const made = L.marker(at, { icon, title, alt: title, keyboard: visit !== null, interactive: visit !== null, riseOnHover: true });
    if (visit) made.on("click", () => this.onChoose(visit)).on("keypress", (event) => event.originalEvent.key === "Enter" && this.onChoose(visit));
    return made.addTo(this.drawn);
  }

  // Lift one visit, and dim the lines that do not serve it.
  choose(visit) {
    for (const [id, marks] of this.marks) {
      for (const mark of marks) {
        mark.getElement()?.classList.toggle("chosen", id === visit);
        mark.setZIndexOffset(id === visit ? 1000 : 0);
      }
    }
    const some = visit && [...this.lines.values()].some((line) => line.stops.has(visit));
    for (const line of this.lines.values()) {
      const strong = !some || line.stops.has(visit);
      line.parts.forEach((part, index) => part.setStyle({ opacity: strong ? [0.6, 0.9][index] : 0.15 }));
    }
  }

  goTo(visit) {
    const mark = this.marks.get(visit)?.[0];
    if (mark && !this.map.getBounds().pad(-0.1).contains(mark.getLatLng())) this.map.panTo(mark.getLatLng());
  }

  // Once, when there is something to look at; afterwards the view is the reader's.
  fit(again = false) {
    const to = this.home ?? (this.bounds?.isValid() ? this.bounds : null);
    if (!to || (this.placed && !again)) return;
    this.map.fitBounds(to, { padding: [12, 12], animate: again });
    this.placed = true;
  }
}
