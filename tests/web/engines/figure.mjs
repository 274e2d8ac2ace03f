// What is done with a figure wherever it is: in the page, in an element's shadow root or in a frame.

import assert from "node:assert/strict";

const KNOB = "[role=slider][data-strip-handle]";

/**
 * Waits until as many edges are drawn as the strip says, and that is a number `above` and `below` some others. Gives it.
 * A drawing of an overview by layer never comes to that.
 */
export async function drawn(hands, { above = -1, below = Number.MAX_SAFE_INTEGER } = {}) {
  const { n } = await hands.until((above, below) => {
    const { chosen, drawn } = figure();
    return chosen === drawn && drawn > above && drawn < below && { n: drawn };
  }, above, below);
  return n;
}

/** Makes the circuit empty, so that a step begins as the others do. */
async function emptied(hands) {
  await hands.press(KNOB, "Home");
  assert.equal(await drawn(hands, { below: 1 }), 0);
}

/** Moves the knob by keys: each size is drawn. */
export async function followsKeys(hands) {
  await emptied(hands);
  await hands.press(KNOB, "ArrowRight");
  const some = await drawn(hands, { above: 0 });
  await hands.press(KNOB, "ArrowRight");
  const more = await drawn(hands, { above: some });
  await hands.press(KNOB, "ArrowLeft");
  assert.equal(await drawn(hands, { below: more }), some);
}

/** Drags the knob: the drawing follows while the button is down, stays when it is let go, and is not moved by the pointer alone. */
export async function followsDrag(hands) {
  await emptied(hands);
  const [from, to] = await hands.look(() => {
    const { knob } = figure();
    const strip = knob.element.closest(".cs-strip").getBoundingClientRect();
    const { x, y } = middleOf(knob);
    return [{ x, y }, { x: knob.at.x + strip.right, y }];
  });
  let during = 0;
  await hands.drag(from, to, async () => {
    if ((await hands.look(() => figure().chosen)) > 0) during = await drawn(hands, { above: 0 });
    return during > 0;
  });
  assert.ok(during > 0, "the circuit grows while the button is down");
  await hands.moveTo(from);
  assert.equal(await drawn(hands), during);
}
