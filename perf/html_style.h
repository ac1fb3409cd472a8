// How a report looks.
#pragma once

namespace vippy::lab {

// Colours come in two sets; the reader's system chooses. No character in it needs escaping in XML.
inline constexpr const char* kPageStyle = R"css(
:root { color-scheme: light dark;
  --paper: #f6f7f9; --card: #ffffff; --ink: #1b1f27; --soft: #667085; --rule: #e3e6ec;
  --good: #0a7d4f; --bad: #b3421b;
  --d0: #1d63d8; --d1: #0b8f8a; --d2: #7a4fd0; --d3: #d9650c; --d4: #b8860b; --d5: #c2304f;
  --d9: #667085; }
@media (prefers-color-scheme: dark) { :root {
  --paper: #11141a; --card: #1a1f28; --ink: #e8ebf1; --soft: #98a2b3; --rule: #2c333f;
  --good: #4fd39a; --bad: #ff9a6b;
  --d0: #6ea8ff; --d1: #3fd0c9; --d2: #b294ff; --d3: #ffa04d; --d4: #f0c75e; --d5: #ff7d97;
  --d9: #98a2b3; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
main { max-width: 1120px; margin: 0 auto; padding: 28px 20px 80px; }
h1 { font-size: 30px; margin: 0 0 14px; letter-spacing: -0.02em; }
h2 { font-size: 19px; margin: 0 0 2px; }
p { margin: 0 0 10px; color: var(--soft); }
a { color: inherit; text-decoration-color: var(--rule); text-underline-offset: 3px; }
header { margin-bottom: 26px; }
section { background: var(--card); border: 1px solid var(--rule); border-radius: 14px;
  padding: 20px 22px; margin: 0 0 20px; }
dl { display: grid; grid-template-columns: repeat(auto-fill, minmax(220px, 1fr)); gap: 8px 22px;
  margin: 0 0 16px; }
dt { color: var(--soft); font-size: 12px; text-transform: uppercase; letter-spacing: 0.05em; }
dd { margin: 0; overflow-wrap: anywhere; }
.command { grid-column: 1 / -1; } .command dd { font: 12.5px ui-monospace, monospace; }
ul { list-style: none; padding: 0; margin: 0 0 8px; }
li { margin: 3px 0; color: var(--soft); overflow-wrap: anywhere; }
code { font-size: 12.5px; }
pre { overflow-x: auto; font-size: 12.5px; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { padding: 6px 10px; border-bottom: 1px solid var(--rule); text-align: right;
  vertical-align: top; font-weight: normal; }
th { text-align: left; color: var(--soft); }
tr:first-child th { font-size: 12.5px; vertical-align: bottom; text-align: right; }
tr:first-child th:first-child { text-align: left; }
tr:last-child th, tr:last-child td { border-bottom: 0; }
td small { display: block; color: var(--soft); font-size: 12px; white-space: nowrap; }
td.left { text-align: left; color: var(--soft); }
small.better { color: var(--good); } small.worse { color: var(--bad); }
details { margin-top: 12px; } summary { cursor: pointer; color: var(--soft); }
svg { width: 100%; height: auto; margin: 8px 0 10px; display: block; }
.grid { stroke: var(--rule); } .faint { stroke-dasharray: 2 5; }
.tick, .note { fill: var(--soft); font-size: 13px; } .name { font-size: 14px; font-weight: 600; }
.dot { fill: currentColor; fill-opacity: 0.42; } .solid { fill-opacity: 1; }
.median { fill: currentColor; }
.range { stroke: currentColor; stroke-opacity: 0.35; stroke-width: 2; }
.line { fill: none; stroke: currentColor; stroke-width: 2.2; }
text.name { fill: currentColor; }
.d0 { color: var(--d0); } .d1 { color: var(--d1); } .d2 { color: var(--d2); }
.d3 { color: var(--d3); } .d4 { color: var(--d4); } .d5 { color: var(--d5); }
.d9 { color: var(--d9); }
)css";

}  // namespace vippy::lab
