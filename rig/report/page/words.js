// What the words of the page mean, for whoever it was sent to.

const WORDS = [
  ["ESR", "Error-to-signal ratio: the power of the difference between amp and model, as a share of the amp's own. 0.01 is a difference 20 dB below the sound, 0.001 one of 30 dB. Smaller is better."],
  ["holdout", "Settings of the knobs, and a stretch of guitar, that were recorded for testing only. No model has learnt from them, so they tell what it does where it has never been."],
  ["floor, repeatability", "How far two recordings of one setting are from each other. No model can be nearer to the amp than the amp is to itself."],
  ["dB further from the amp than a second recording", "How much the level differs, over bands that can be heard and over time, beyond what two recordings of the amp differ by."],
  ["except below or above a value", "An end of a knob's range where the last ensemble expects errors at least two and a half times as large as elsewhere, whether a test setting lies there or not. More recordings help there first."],
  ["ensemble, round", "Several small models learn from what was recorded; where they disagree, the next settings are recorded. Learning and asking once is a round. In the end one larger model learns from everything: the final model, which is what plays here."],
  ["expected and found", "Before a setting is learnt, the ensemble says how wrong it will be there; once the setting is recorded, one sees how wrong it was. That is not the error of the final model, which has learnt the setting since."],
  ["seed, active", "Settings spread over everything before anything is known, and settings that the ensemble asked for."],
  ["canary", "One setting that is recorded again and again through the night, to see whether the amp is still what it was."],
  ["look", "A setting dialled once more for a few seconds, to see whether it is still what was kept."],
  ["given up, rejected, failed", "A take is rejected when it does not pass its checks, and fails when it could not be recorded at all. A setting is given up after several of either."],
  ["reference setting", "All knobs in the middle of where players set them."],
];

function wordsPart() {
  return section("words", "What the words mean", make("dl", { class: "words" }, WORDS.flatMap(([word, meaning]) => [make("dt", {}, word), make("dd", {}, meaning)])));
}
