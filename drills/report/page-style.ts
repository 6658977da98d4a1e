/** The style of the report page: one column, figures that line up, both colour schemes, and print. */

export const PAGE_STYLE = `
:root { color-scheme: light dark; --bg:#fbfbfa; --card:#fff; --ink:#1b1f24; --soft:#5b6470; --line:#e3e5e8; --grid:#eceef0;
  --pass:#1a7f4b; --fail:#c2311f; --unknown:#8a5a00; --region-0:#3b6fd4; --region-1:#1d9a8f; --region-2:#8a63d2; --failed:#d9822b; --info:#c2311f; --mark:#1b1f24; }
@media (prefers-color-scheme: dark) { :root { --bg:#14171a; --card:#1b1f24; --ink:#e8eaed; --soft:#a2abb6; --line:#2f353c; --grid:#262b31;
  --pass:#4cc38a; --fail:#ff8a7a; --unknown:#f0b64d; --region-0:#7aa2f7; --region-1:#4fc9bc; --region-2:#b79bf0; --failed:#f0a355; --info:#ff8a7a; --mark:#e8eaed; } }
* { box-sizing: border-box; }
body { margin:0; background:var(--bg); color:var(--ink); font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif; }
main { max-width:980px; margin:0 auto; padding:40px 24px 80px; }
header p.kind { margin:0; color:var(--soft); font-size:14px; }
h1 { font-size:clamp(22px,3.2vw,30px); line-height:1.28; margin:10px 0 0; letter-spacing:-.01em; text-wrap:balance; }
h2 { font-size:18px; margin:48px 0 12px; }
h3 { font-size:15px; margin:20px 0 6px; }
p { margin:8px 0; max-width:72ch; }
.soft { color:var(--soft); }
.verdict { display:inline-block; font-weight:650; font-size:14px; padding:3px 12px; border-radius:999px; border:1.5px solid currentColor; }
.pass { color:var(--pass); } .fail { color:var(--fail); } .unknown { color:var(--unknown); }
ul.reasons { margin:12px 0; padding-left:20px; }
dl.figures { display:grid; grid-template-columns:repeat(5,1fr); gap:1px; background:var(--line); border:1px solid var(--line);
  border-radius:12px; overflow:hidden; margin:28px 0 0; }
dl.figures div { background:var(--card); padding:14px 16px; }
dl.figures dt { color:var(--soft); font-size:13px; }
dl.figures dd { margin:2px 0 0; font-size:23px; font-weight:600; font-variant-numeric:tabular-nums; letter-spacing:-.01em; }
dl.figures dd small { font-size:14px; font-weight:450; color:var(--soft); letter-spacing:0; }
.table { overflow-x:auto; }
table { border-collapse:collapse; width:100%; font-size:14.5px; }
th { text-align:left; font-weight:550; color:var(--soft); font-size:13px; }
th,td { padding:7px 14px 7px 0; border-bottom:1px solid var(--line); vertical-align:top; }
td.n,th.n { text-align:right; font-variant-numeric:tabular-nums; white-space:nowrap; }
td.mark { width:30px; font-weight:650; font-variant-numeric:tabular-nums; }
.chart { background:var(--card); border:1px solid var(--line); border-radius:12px; padding:14px 14px 6px; margin:14px 0; overflow:hidden; }
.chart h3 { margin:0 0 6px; }
.key { display:flex; flex-wrap:wrap; gap:4px 18px; list-style:none; padding:0; margin:8px 0; font-size:14px; }
.key i { display:inline-block; width:11px; height:11px; border-radius:3px; margin-right:7px; vertical-align:-1px; }
.bar { display:block; position:relative; height:8px; min-width:140px; margin-top:8px; background:var(--grid); border-radius:4px; }
.bar i { position:absolute; height:8px; border-radius:4px; background:var(--region-0); min-width:2px; }
.bar i.hit { background:var(--failed); }
details { border-top:1px solid var(--line); padding:10px 0; } details summary { cursor:pointer; }
details ul { margin:8px 0; padding-left:20px; }
code,pre { font:13.5px/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace; }
pre { background:var(--card); border:1px solid var(--line); border-radius:10px; padding:12px 14px; overflow-x:auto; }
.u-legend { font-size:13px; text-align:left; } .u-legend .u-marker { border-radius:3px; }
@media (max-width: 720px) { dl.figures { grid-template-columns:repeat(2,1fr); } }
.chart:not(:hover) .u-legend { visibility:hidden; }
@media print { body { background:#fff; } .chart,dl.figures { break-inside:avoid; } }
`;
