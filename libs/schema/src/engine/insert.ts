import type { Parameter } from './dialect';
import type { Session } from './session';

/** Inserts rows, as many in one statement as the engine likes. `tail` is what follows the values (`on conflict …`). */
export async function insert(session: Session, table: string, columns: readonly string[], rows: readonly (readonly Parameter[])[], tail = ''): Promise<void> {
  const size = session.dialect.rowsPerInsert;
  const row = `(${columns.map(() => '?').join(', ')})`;
  for (let start = 0; start < rows.length; start += size) {
    const chunk = rows.slice(start, start + size);
    const values = chunk.map(() => row).join(', ');
    await session.run(`insert into ${table} (${columns.join(', ')}) values ${values} ${tail}`, ...chunk.flat());
  }
}
