// Asks the stage in this container whether its broker and database answer; exit code 0 when they do.
const port = process.env.HEALTH_PORT;
const answer = await fetch(`http://127.0.0.1:${port}/healthz`, { signal: AbortSignal.timeout(4000) }).catch((error) => error);
if (answer.ok !== true) {
  console.error(answer instanceof Response ? `${answer.status} ${await answer.text()}` : String(answer.cause ?? answer));
  process.exit(1);
}
