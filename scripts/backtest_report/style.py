"""The page's style sheet: light and dark by the reader's setting, readable on paper and on a narrow screen."""

from typing import Final

STYLE: Final = """
:root { color-scheme: light dark; --paper: #ffffff; --ink: #1c2330; --soft: #5b6575; --line: #dde2ea;
  --card: #f6f8fb; --note: #fff6e0; --edge: #d99a1c; --c0: #1f63b5; --c1: #b8501a; --c2: #1b7f63; --c3: #7645a8; }
@media (prefers-color-scheme: dark) { :root { --paper: #12161d; --ink: #e6eaf1; --soft: #9aa6b8; --line: #2c3441;
  --card: #1a202a; --note: #33290f; --edge: #d9a53a; --c0: #6aaef5; --c1: #f29a62; --c2: #58c9a6;
  --c3: #bd97ec; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 2rem 1.25rem 4rem; max-width: 74rem; background: var(--paper); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Liberation Sans", sans-serif; }
h1 { font-size: 1.7rem; line-height: 1.2; margin: 0 0 .4rem; overflow-wrap: anywhere; }
h2 { font-size: 1.2rem; margin: 2.6rem 0 .3rem; padding-top: 1rem; border-top: 1px solid var(--line); }
p { margin: .4rem 0 .8rem; max-width: 46rem; }
.soft { color: var(--soft); }
dl.facts { display: grid; grid-template-columns: max-content 1fr; gap: .15rem 1rem; margin: 1rem 0; }
dl.facts dt { color: var(--soft); }
dl.facts dd { margin: 0; overflow-wrap: anywhere; }
.note { background: var(--note); border-left: 4px solid var(--edge); padding: .6rem .9rem; margin: .7rem 0;
  max-width: none; }
ul.tiles { display: grid; grid-template-columns: repeat(auto-fill, minmax(13.5rem, 1fr)); gap: .7rem; padding: 0;
  margin: 1rem 0; list-style: none; }
ul.tiles li { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: .7rem .9rem; }
.tile-name { color: var(--soft); font-size: .85rem; }
.tile-value { font-size: 1.65rem; font-weight: 600; line-height: 1.25; font-variant-numeric: tabular-nums; }
.tile-more { color: var(--soft); font-size: .8rem; line-height: 1.35; }
figure { margin: 1rem 0; }
figcaption { color: var(--soft); font-size: .85rem; margin-top: .2rem; }
svg { display: block; width: 100%; height: auto; overflow: visible; }
svg text { fill: var(--soft); font-size: 12px; paint-order: stroke; stroke: var(--paper); stroke-width: 3px; }
svg text.axis, svg .legend text { fill: var(--ink); }
.grid { stroke: var(--line); stroke-width: 1; }
.tick { stroke: var(--soft); stroke-width: 1; }
.s0 { --c: var(--c0); } .s1 { --c: var(--c1); } .s2 { --c: var(--c2); } .s3 { --c: var(--c3); }
.line { fill: none; stroke: var(--c); stroke-width: 2; }
.whisker { stroke: var(--c, var(--ink)); stroke-width: 1.5; opacity: .7; }
.over { stroke: var(--ink); opacity: 1; }
.guide { stroke: var(--c, var(--soft)); stroke-width: 1.5; stroke-dasharray: 5 4; }
.mark { fill: var(--c); stroke: var(--c); stroke-width: 2; }
.hollow { fill: var(--paper); }
.bar { fill: var(--c); }
.scroll { overflow-x: auto; margin: 1rem 0; }
.scroll:focus-visible { outline: 2px solid var(--c0); }
table { border-collapse: collapse; width: 100%; font-size: .85rem; font-variant-numeric: tabular-nums; }
caption { text-align: left; color: var(--soft); padding-bottom: .35rem; }
th, td { padding: .3rem .42rem; border-bottom: 1px solid var(--line); text-align: right; vertical-align: top; }
thead th { color: var(--soft); font-weight: 600; vertical-align: bottom; border-bottom: 2px solid var(--line); }
td { white-space: nowrap; }
th.left, td.left { text-align: left; }
tbody th { font-weight: 500; text-align: left; min-width: 6.6rem; max-width: 26rem; overflow-wrap: anywhere; }
tr.trained { color: var(--soft); font-style: italic; }
tr.trained th { white-space: nowrap; }
@media print { body { max-width: none; padding: 0; }
  h2 { break-after: avoid; } figure, tr { break-inside: avoid; } }
""".strip()
