// tap.mjs -- a line for each test, and how many there were.
const limitMs = 60_000;
const counts = { run: 0, failed: 0 };

function within(promise, ms) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`took longer than ${ms / 1000} s`)), ms);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** Run one test; what it throws is its failure. Names on the command line choose by substring. */
export async function test(name, fn) {
  const chosen = process.argv.slice(2);
  if (chosen.length && !chosen.some((c) => name.includes(c))) return;
  counts.run++;
  try {
    await within(fn(), limitMs);
    console.log(`ok ${counts.run} - ${name}`);
  } catch (e) {
    counts.failed++;
    console.log(`not ok ${counts.run} - ${name}`);
    console.log(`${e?.stack ?? e}`.replace(/^/gm, '# '));
    if (e?.cause) console.log(`caused by ${e.cause?.message ?? e.cause}`.replace(/^/gm, '# '));
  }
}

/** Say how it went and leave; a run without tests has failed. */
export function done() {
  console.log(`1..${counts.run}`);
  console.log(`# ${counts.run - counts.failed} passed, ${counts.failed} failed`);
  process.exit(counts.failed || !counts.run ? 1 : 0);
}
