import { atLeast } from './find-server';

export interface ServerSettings {
  readonly port: number;
  readonly storeDirectory: string;
  readonly logFile: string;
  readonly pidFile: string;
  readonly version: string;
}

/**
 * The configuration of a nats-server of our own: this machine only, JetStream on.
 *
 * JetStream acknowledges before the bytes are on the disk; `sync_interval: always` (2.10 and later; 2.9 does not start with it)
 * closes that gap for a power failure. Without it the database, which is the truth, drives again what was lost.
 *
 * The store's limit is named because the default is a share of the free disk, on a small one less than the streams reserve.
 */
export const serverConfig = ({ port, storeDirectory, logFile, pidFile, version }: ServerSettings): string =>
  [
    `listen: "127.0.0.1:${port}"`,
    `server_name: "media-pipeline"`,
    `pid_file: ${quote(pidFile)}`,
    `log_file: ${quote(logFile)}`,
    'logfile_size_limit: 10MB',
    'max_payload: 1MB',
    'jetstream {',
    `  store_dir: ${quote(storeDirectory)}`,
    '  max_memory_store: 64MB',
    '  max_file_store: 8GB',
    ...(atLeast(version, 2, 10) ? ['  sync_interval: always'] : []),
    '}',
    '',
  ].join('\n');

/** A double-quoted string of nats-server's configuration language: its escapes are \\ \" \n \r \t and \xHH. */
export const quote = (text: string): string =>
  `"${text.replace(/[\\"\n\r\t]/g, (character) => ({ '\\': '\\\\', '"': '\\"', '\n': '\\n', '\r': '\\r', '\t': '\\t' })[character] ?? character)}"`;
