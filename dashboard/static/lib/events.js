// @ts-check
// The server's events, and what the page may say about them: live, lost, or waiting. The browser reconnects by itself
// and sends Last-Event-ID; where it gives up, this asks again and has the page fetch what it may have missed.

/** @typedef {"connecting" | "live" | "lost" | "paused"} State */
/** @typedef {Record<string, (data: any) => void>} Handlers one per event; `reset` fetches everything anew */

const SILENCE_MS = 6000;
const LONGEST_WAIT_MS = 15000;

/**
 * Listens to /api/events. `reset` is also called when listening begins, and after gaps that the server cannot fill.
 * @param {Handlers} handlers
 * @param {{onState?: (state: State, since: Date) => void, pauseHidden?: boolean}} [options] pauseHidden: close while the tab is hidden
 * @returns {{close: () => void}}
 */
export function connect(handlers, { onState = showState, pauseHidden = false } = {}) {
  /** @type {EventSource | null} */
  let source = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let silence;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let retry;
  /** @type {State | null} */
  let state = null;
  let failures = 0;
  let missed = true; // what happened before the first event is not known either

  const become = (/** @type {State} */ next) => {
    if (state === next) return;
    state = next;
    onState(next, new Date());
  };
  const heard = () => {
    failures = 0;
    clearTimeout(silence);
    silence = setTimeout(() => become("lost"), SILENCE_MS);
    become("live");
  };
  const listen = (/** @type {string} */ name) => {
    source?.addEventListener(name, (event) => {
      heard();
      handlers[name]?.(JSON.parse(/** @type {MessageEvent} */ (event).data));
    });
  };
  const open = () => {
    clearTimeout(retry);
    source = new EventSource("/api/events");
    source.onopen = () => {
      heard();
      if (missed) handlers.reset?.({});
      missed = false;
    };
    source.onerror = failed;
    new Set([...Object.keys(handlers), "live", "reset"]).forEach(listen);
  };
  const failed = () => {
    clearTimeout(silence);
    become("lost");
    if (source?.readyState !== EventSource.CLOSED) return; // the browser tries again by itself
    missed = true;
    failures += 1;
    retry = setTimeout(open, Math.min(LONGEST_WAIT_MS, 1000 * 2 ** (failures - 1)));
  };
  const stop = () => {
    clearTimeout(silence);
    clearTimeout(retry);
    source?.close();
    source = null;
  };
  const visible = () => {
    if (document.hidden && source) {
      stop();
      missed = true;
      become("paused");
    } else if (!document.hidden && !source) open();
  };

  become("connecting");
  open();
  if (pauseHidden) document.addEventListener("visibilitychange", visible);
  addEventListener("pagehide", stop);
  addEventListener("pageshow", (event) => {
    if (event.persisted && !source) {
      missed = true;
      open();
    }
  });
  return { close: stop };
}

const SAID = { connecting: "Connecting…", live: "Live", lost: "Connection lost, trying again", paused: "Paused" };

/**
 * Shows a state in the page's head (#connection).
 * @param {State} state @param {Date} since
 */
export function showState(state, since) {
  const line = document.getElementById("connection");
  if (!line) return;
  line.hidden = false;
  line.dataset.state = state;
  const said = line.querySelector("[data-said]");
  if (said)
    said.textContent =
      state === "lost" ? `${SAID.lost} since ${since.toISOString().slice(11, 19)} UTC` : SAID[state];
}
