// An engine's worker that has no engine: it opens, and then does what its query says.

const behaviour = new URL(self.location).searchParams.get("then");
let unanswered = 0;

self.onmessage = ({ data: [{ id, request }] }) => {
  const reply = (event, to = id) => self.postMessage([{ id: to, event }, []]);
  if (request.type === "open") reply({ type: "opened", device: { kind: "cpu", name: "none", reason: "a fake" } });
  else behaviours[behaviour](request, reply);
};

const behaviours = {
  /** Dies of the first call. */
  dies() {
    throw new Error("out of memory");
  },
  /** Loses its device in the first call. */
  losesDevice(request, reply) {
    reply({ type: "deviceLost", message: "the GPU was unplugged" }, 0);
  },
  /** Answers late, with how many calls were waiting for an answer. */
  counts(request, reply) {
    unanswered += 1;
    const nEdges = unanswered;
    setTimeout(() => {
      unanswered -= 1;
      reply({ type: "graph", graph: { nEdges, srcs: [], nodes: [], edges: [], masks: [] } });
    }, 20);
  },
  /** Answers nothing until it is told to cancel, then that call. */
  runsForEver(request, reply) {
    if (request.type === "cancel") reply({ type: "cancelled" }, request.id);
    if (request.type === "graph") reply({ type: "graph", graph: { nEdges: 0, srcs: [], nodes: [], edges: [], masks: [] } });
  },
};
