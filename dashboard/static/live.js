// @ts-check
// The live page: one snapshot a second from the server, dealt out to the parts of the page, one part a frame.

import { get } from "./lib/api.js";
import { connect, showState } from "./lib/events.js";
import { later } from "./lib/frames.js";
import { alertsChart } from "./live/alerts.js";
import { head } from "./live/head.js";
import { drift, health } from "./live/health.js";
import { worldMap } from "./live/map.js";
import { reasons } from "./live/reasons.js";
import { scores } from "./live/scores.js";
import { tiles } from "./live/tiles.js";
import { latency, traffic } from "./live/traffic.js";
import { stages, workers } from "./live/workers.js";

const top = head();
const parts = [
  top.show,
  tiles(),
  traffic(),
  latency(),
  alertsChart(),
  reasons(),
  worldMap(),
  scores(),
  health(),
  drift(),
  workers(),
  stages(),
];

/** @param {import("./live/snapshot.js").Snapshot} snapshot */
function show(snapshot) {
  for (const part of parts) later(part, () => part(snapshot));
}

const fetchNow = () => get("/api/live").then(show, () => undefined);

connect(
  { live: show, reset: fetchNow },
  {
    pauseHidden: true,
    onState(state, since) {
      showState(state, since);
      top.connection(state, since);
    },
  },
);
