// The page is put together.

const content = JSON.parse(document.getElementById("report-data").textContent);

document.getElementById("session").textContent = content.report.session;
document.getElementById("verdict").append(...verdictPart(content));
const partsOfPage = [playPart, listenPart, errorsPart, mapPart, expectedPart, comparedPart, nightPart, rejectedPart, rigPart, wordsPart];
for (const part of partsOfPage.map((of) => of(content)).filter(Boolean)) {
  document.getElementById("main").append(part);
  document.getElementById("parts").append(make("li", {}, make("a", { href: `#${part.id}` }, part.querySelector("h2").textContent)));
}
// On paper everything that is folded away is opened, and afterwards it is as it was.
const folded = () => [...document.querySelectorAll("details:not([open])")];
let opened = [];
addEventListener("beforeprint", () => { opened = folded(); opened.forEach((details) => { details.open = true; }); });
addEventListener("afterprint", () => opened.forEach((details) => { details.open = false; }));

/** What tests, and the curious, may call. */
globalThis.rig = { content, newPlayer, render, namDocument, measureLoudness, KnobModel, ampNode, samplesOf, soundsOf, binomialTail, realTimeFactor, cabinetOf, unsureness, audio };
