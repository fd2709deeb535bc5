// The page is put together.

const content = JSON.parse(document.getElementById("report-data").textContent);

document.getElementById("session").textContent = content.report.session;
document.getElementById("verdict").append(...verdictPart(content));
const partsOfPage = [playPart, listenPart, errorsPart, mapPart, expectedPart, comparedPart, nightPart, rejectedPart, rigPart];
for (const part of partsOfPage.map((of) => of(content)).filter(Boolean)) {
  document.getElementById("main").append(part);
  document.getElementById("parts").append(make("li", {}, make("a", { href: `#${part.id}` }, part.querySelector("h2").textContent)));
}
// Before paper, everything that is folded away is opened.
addEventListener("beforeprint", () => document.querySelectorAll("details").forEach((details) => { details.open = true; }));

/** What tests, and the curious, may call. */
globalThis.rig = { content, newPlayer, render, namDocument, measureLoudness, KnobModel, ampNode, samplesOf, soundsOf, binomialTail, realTimeFactor, cabinetOf };
