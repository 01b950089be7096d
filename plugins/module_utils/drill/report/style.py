# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The look of the HTML report: calm, light and dark, printable, without anything to load."""

from __future__ import annotations

__all__ = ["STYLE"]

STYLE = """
:root{color-scheme:light dark;
--paper:#fbfbf9;--card:#fff;--ink:#1c1d1f;--soft:#5d6167;--faint:#8b9097;--line:#e6e5e1;--wash:#f3f2ee;
--ok:#cfe8d6;--ok-deep:#58a06f;--good:#1d6b3a;--lost:#d3372f;--bad:#b3241d;--blind:#c9c7c1;
--unsure:#8a5a00;--accent:#2d5bd7;--ok-wash:#e8f4ec;--bad-wash:#fdeceb;--unsure-wash:#fbf1dc;
--sans:"Inter","Segoe UI Variable Text",system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue","Noto Sans",
"DejaVu Sans",sans-serif;
--mono:ui-monospace,"SF Mono","Cascadia Mono","JetBrains Mono",Menlo,"DejaVu Sans Mono",monospace}
@media (prefers-color-scheme:dark){:root{
--paper:#131416;--card:#1b1d20;--ink:#ececea;--soft:#a9adb3;--faint:#82878e;--line:#2d3035;--wash:#222529;
--ok:#1e4630;--ok-deep:#4ea873;--good:#7fd6a0;--lost:#e5534b;--bad:#ff8a82;--blind:#4a4d52;
--unsure:#e8b860;--accent:#8fb0ff;--ok-wash:#16301f;--bad-wash:#3a1917;--unsure-wash:#352a13}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;text-size-adjust:100%}
body{margin:0;background:var(--paper);color:var(--ink);font:15px/1.55 var(--sans);font-variant-numeric:tabular-nums;
overflow-wrap:break-word}
main,header,footer{max-width:1080px;margin:0 auto;padding:0 28px}
header{padding-top:56px;padding-bottom:28px}
.eyebrow{margin:0;color:var(--soft);font-size:13px;letter-spacing:.02em}
h1{margin:10px 0 0;font-size:clamp(28px,4.6vw,44px);line-height:1.12;letter-spacing:-.022em;font-weight:640;
text-wrap:balance}
h1.pass{color:var(--good)}h1.fail{color:var(--bad)}h1.inconclusive{color:var(--unsure)}
.lede{margin:14px 0 0;color:var(--soft);max-width:72ch;text-wrap:pretty}
a{color:inherit;text-decoration-color:var(--faint);text-underline-offset:3px}
a:hover{text-decoration-color:currentColor}
h2{margin:0;font-size:22px;line-height:1.25;letter-spacing:-.012em;font-weight:620}
.summary,h2+dl{margin-top:18px}
h3{margin:30px 0 8px;font-size:13px;font-weight:600;color:var(--soft);letter-spacing:.01em}
section{margin:0 0 28px;padding:26px 28px 28px;background:var(--card);border:1px solid var(--line);
border-radius:14px}
.run-head{display:flex;gap:14px;align-items:baseline;justify-content:space-between;flex-wrap:wrap}
.run-head p{margin:4px 0 0;color:var(--soft);flex-basis:100%}
code{font-family:var(--mono);font-size:.9em}
.pill{display:inline-block;padding:2px 11px 3px;border-radius:99px;font-size:13px;font-weight:600;
white-space:nowrap;
background:var(--wash);color:var(--soft)}
.pill.pass{background:var(--ok-wash);color:var(--good)}.pill.fail{background:var(--bad-wash);color:var(--bad)}
.pill.inconclusive{background:var(--unsure-wash);color:var(--unsure)}
table{width:100%;border-collapse:collapse;font-size:14px}
caption{text-align:left;color:var(--soft);font-size:13px;padding-bottom:8px}
th{font-weight:500;color:var(--soft);font-size:13px;text-align:left;padding:0 14px 8px 0;
border-bottom:1px solid var(--line);
vertical-align:bottom}
td,tbody th{padding:9px 14px 9px 0;border-bottom:1px solid var(--line);vertical-align:top}
tbody th{color:var(--ink);font-size:14px;font-weight:600}
tbody tr:last-child td,tbody tr:last-child th{border-bottom:0}
.summary td,.summary tbody th{border-bottom:0;padding-top:6px;padding-bottom:6px}
.summary tbody{border-top:1px solid var(--line)}.summary thead th{border-bottom:0}
.summary tbody tr:first-child>*{padding-top:12px}.summary tbody tr:last-child>*{padding-bottom:12px}
.summary tbody th{padding-bottom:0}
.mark{white-space:nowrap}.mark::before{content:"";display:inline-block;width:8px;height:8px;margin-right:8px;
border-radius:50%;
background:var(--faint)}
.mark.pass::before{background:var(--ok-deep)}.mark.fail::before{background:var(--lost)}
.mark.fail{color:var(--bad);font-weight:600}.mark.inconclusive{color:var(--unsure)}
.mark.inconclusive::before{background:none;border:2px solid var(--unsure)}
small.fail{color:var(--bad)}small.inconclusive{color:var(--unsure)}
td:last-child,th:last-child{padding-right:0}
.n{text-align:right;white-space:nowrap}
.aside{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
.scroll{overflow-x:auto}.scroll table{min-width:720px}
small,.why{color:var(--soft);font-size:13px}
.bar{position:relative;display:block;height:8px;min-width:90px;margin-top:8px;border-radius:4px;
background:var(--wash)}
.bar i{position:absolute;inset:0 auto 0 0;border-radius:4px;background:var(--ok-deep);min-width:2px}
.bar.fail i{background:var(--lost)}.bar b{position:absolute;top:-3px;bottom:-3px;width:2px;background:var(--ink)}
figure{margin:22px 0 0}
figcaption{margin-top:12px;color:var(--soft);font-size:13px}
.lane{display:grid;grid-template-columns:132px minmax(0,1fr);gap:16px;align-items:center;margin-top:8px}
.name{font-weight:600;font-size:14px;line-height:1.3;text-align:right}
.name small{display:block;font-weight:400}
.track{position:relative;min-width:0}
.strip{display:block;width:100%;height:40px;border-radius:7px;background:var(--wash)}
.strip .ok{fill:var(--ok)}.strip .lost{fill:var(--lost)}.strip .blind{fill:var(--blind)}
.strip .latency{fill:var(--ok-deep);opacity:.5}
.hair{position:absolute;top:-8px;bottom:0;width:1px;background:var(--faint);opacity:.55}
.hair.fault{width:2px;margin-left:-1px;background:var(--ink);opacity:1}
.lost-for{position:absolute;top:50%;transform:translateY(-50%);font-weight:650;font-size:14px;white-space:nowrap;
color:var(--ink);padding:0 7px}
.lost-for.in{transform:translate(-50%,-50%);color:#fff}
.events .track{height:24px}
.events .name{font-weight:400;color:var(--soft);font-size:13px}
.marker{position:absolute;top:1px;transform:translateX(-50%);min-width:22px;height:22px;padding:0 5px;
border-radius:11px;
border:1px solid var(--faint);background:var(--card);font-size:12px;line-height:20px;text-align:center;
white-space:nowrap;color:var(--ink)}
.marker.drill{background:var(--ink);border-color:var(--ink);color:var(--card)}
.axis{position:relative;height:22px;border-top:1px solid var(--line)}
.tick{position:absolute;top:4px;transform:translateX(-50%);font-size:12px;color:var(--soft);white-space:nowrap}
.tick::before{content:"";position:absolute;left:50%;top:-5px;height:5px;width:1px;background:var(--faint)}
.tick.zero{color:var(--ink);font-weight:650}.tick.edge{color:transparent}
.overview .strip{height:8px;border-radius:3px;margin-top:2px}
.overview .name{font-weight:400;color:var(--soft);font-size:13px}
.lens{position:absolute;top:-3px;bottom:-3px;border:1.5px solid var(--ink);border-radius:4px}
.legend{white-space:nowrap}
.key{margin-left:12px}.key::before{content:"";display:inline-block;width:10px;height:10px;margin-right:6px;
border-radius:3px;
background:var(--ok)}
.key.lost::before{background:var(--lost)}.key.blind::before{background:var(--blind)}
ol.events-list{list-style:none;margin:0;padding:0;font-size:14px}
.events-list li{display:grid;grid-template-columns:34px 92px minmax(92px,150px) minmax(0,1fr);gap:10px;padding:7px 0;
border-bottom:1px solid var(--line)}
.events-list li:last-child{border-bottom:0}
.events-list .no{color:var(--faint);text-align:right}
.events-list .at{text-align:right;white-space:nowrap}
.events-list .line{display:block;color:var(--soft);font:12px/1.5 var(--mono);overflow-wrap:anywhere}
.dots{display:block;width:100%;height:44px;overflow:visible}
.dots line{stroke:var(--line);stroke-width:1;vector-effect:non-scaling-stroke}
.spread{position:relative;height:30px;border-radius:7px;background:var(--wash)}
.spread i{position:absolute;top:9px;width:12px;height:12px;margin-left:-6px;border-radius:50%;
background:var(--ok-deep);opacity:.75}
.spread i.fail{background:var(--lost)}
.spread b{position:absolute;top:3px;bottom:3px;width:2px;background:var(--ink)}
.spread u{position:absolute;top:0;bottom:0;width:0;border-left:2px dashed var(--bad)}
dl{display:grid;grid-template-columns:max-content minmax(0,1fr);gap:5px 22px;margin:0;font-size:14px}
dt{color:var(--soft)}dd{margin:0;overflow-wrap:anywhere}
ul.notes{margin:16px 0 0;padding-left:18px;color:var(--soft);font-size:14px}
footer{padding-top:8px;padding-bottom:56px;color:var(--faint);font-size:13px}
@media (max-width:700px){
main,header,footer{padding-left:16px;padding-right:16px}
header{padding-top:32px}
section{padding:20px 16px 22px;border-radius:12px}
.lane{grid-template-columns:minmax(0,1fr);gap:4px;margin-top:14px}
.name{text-align:left}.name small{display:inline;margin-left:8px}
.name:empty{display:none}
.tick.odd{display:none}
.summary thead{display:none}
.summary,.summary tbody{display:block;width:100%}
.summary tbody{padding:12px 0 8px}
.summary tr{display:grid;grid-template-columns:minmax(0,1fr) auto auto;column-gap:14px;padding:3px 0}
.summary tbody tr>*{padding:1px 0!important;border:0}
.summary tbody th,.summary .graph{grid-column:1/-1}.summary .graph{order:9}
.summary .limit{display:none}
.bar{margin-top:3px}
.events-list li{grid-template-columns:26px minmax(0,1fr) auto;gap:2px 10px}
.events-list .what{grid-column:2/-1}.events-list .at{text-align:left}
.lost-for{font-size:13px}}
@media print{
:root{--paper:#fff;--card:#fff;--ink:#000;--soft:#444;--faint:#777;--line:#ddd;--wash:#f2f2f2;--ok:#cfe8d6;
--ok-deep:#58a06f;
--good:#1d6b3a;--lost:#d3372f;--bad:#b3241d;--blind:#c9c7c1;--unsure:#8a5a00;--ok-wash:#e8f4ec;--bad-wash:#fdeceb;
--unsure-wash:#fbf1dc}
*{-webkit-print-color-adjust:exact;print-color-adjust:exact}
body{font-size:11pt}header{padding-top:0}
section{border:0;padding:0;margin-bottom:22pt}figure,tr,li{break-inside:avoid}h2{break-after:avoid}}
"""
