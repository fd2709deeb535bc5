// The binomial test of the blind comparison.

/** The probability that somebody who hears nothing has so many right of so many, or more. */
function binomialTail(right, trials) {
  if (!trials || right <= 0) return 1;
  // As logarithms: the factorials of a long evening do not fit into a number.
  let term = -trials * Math.LN2, sum = 0;
  const terms = [];
  for (let k = 0; k <= trials; k++) {
    if (k >= right) terms.push(term);
    term += Math.log((trials - k) / (k + 1));
  }
  for (const each of terms.reverse()) sum += Math.exp(each);
  return Math.min(sum, 1);
}
