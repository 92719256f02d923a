// @ts-check
// The alert queue: wires list, detail, filters, shortcuts and dialogs to the server's events.

import { connect } from "./lib/events.js";
import { Announcer } from "./alerts/announce.js";
import { Detail } from "./alerts/detail.js";
import { Filters } from "./alerts/filters.js";
import { listenToKeys } from "./alerts/keys.js";
import { Queue } from "./alerts/queue.js";
import { SuppressDialog } from "./alerts/suppress.js";
import { SuppressionsDialog } from "./alerts/suppressions.js";

const announcer = new Announcer();
const filters = new Filters();
const queue = new Queue(filters, announcer);
const suppress = new SuppressDialog((text) => announcer.say(text));
const suppressions = new SuppressionsDialog();
const detail = new Detail({
  opened: (id, given) => queue.markOpen(id, given),
  closed: () => queue.focusOpen(),
  changed: (given) => queue.take([given]),
  suppress: (found) => suppress.open(found),
  say: (text) => announcer.say(text),
});

listenToKeys(queue, detail);
filters.onChange(() => queue.load());
queue.load();
detail.follow();

connect({
  cases: (
    /** @type {{cases: import("./alerts/types.js").Case[], counts: Record<string, number>}} */ { cases, counts },
  ) => {
    queue.take(cases);
    queue.showCounts(counts);
    cases.forEach((changed) => detail.take(changed));
  },
  explained: ({ id }) => detail.explained(id),
  suppressions: () => suppressions.changed(),
  reset: () => {
    queue.renew();
    detail.reload();
    suppressions.changed();
  },
});
