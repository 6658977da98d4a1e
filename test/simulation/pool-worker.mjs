/** A worker process of the pool: takes a bundle of the simulation and a range of seeds, answers with the report. */
// An error's stack is never looked at here, and taking it costs more than the call that failed.
Error.stackTraceLimit = 0;

process.on('message', async ({ id, bundle, range }) => {
  const { runRange } = await import(bundle);
  process.send({ id, report: await runRange(range) });
});
// Whoever asked is gone: nobody reads the answers any more.
process.on('disconnect', () => process.exit());
