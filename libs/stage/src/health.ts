import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { StageHost } from './host';
import type { Metrics } from './metrics';

export interface HealthServer {
  readonly port: number;
  close(): Promise<void>;
}

/** Whether what the stage stands on answers: the broker and the database. */
export async function checkHealth(host: Pick<StageHost, 'bus' | 'database'>): Promise<{ healthy: boolean; broker: boolean; database: boolean }> {
  const database = await host.database.ping().then(
    () => true,
    () => false,
  );
  const broker = host.bus.connected;
  return { healthy: broker && database, broker, database };
}

/**
 * `GET /healthz` → 200 or 503 with JSON; `GET /metrics` → Prometheus text.
 * @param port 0 takes a free one.
 */
export async function serveHealth(host: StageHost, metrics: Metrics, port: number): Promise<HealthServer> {
  const server: Server = createServer((request, response) => {
    const answer = async (): Promise<void> => {
      if (request.url === '/metrics') {
        response.setHeader('content-type', metrics.registry.contentType).end(await metrics.registry.metrics());
        return;
      }
      if (request.url !== '/healthz') {
        response.writeHead(404).end();
        return;
      }
      const health = await checkHealth(host);
      response.writeHead(health.healthy ? 200 : 503, { 'content-type': 'application/json' }).end(JSON.stringify(health));
    };
    answer().catch((error: unknown) => response.writeHead(500).end(String(error)));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () => new Promise((resolve) => server.close(() => { resolve(); }).closeAllConnections()),
  };
}
