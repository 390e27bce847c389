import { stat } from 'node:fs/promises';
import { Injectable } from '@nestjs/common';
import { toPipelineError } from '@media-pipeline/contracts';
import { hashFile, Library } from '@media-pipeline/files';
import type { Claim } from '../claims';

export interface Finding extends Claim {
  /** Null when the bytes are there and are those that were meant. */
  readonly problem: string | null;
}

/** Holds claims against the disk. Hard links of one file are read once: the same inode is the same bytes. */
@Injectable()
export class ShelfInspector {
  constructor(private readonly library: Library) {}

  async check(claims: readonly Claim[]): Promise<Finding[]> {
    const read = new Map<string, { sha256: string; bytes: number }>();
    const findings: Finding[] = [];
    for (const claim of claims) {
      findings.push({ ...claim, problem: await this.problemOf(claim, read) });
    }
    return findings;
  }

  private async problemOf(claim: Claim, read: Map<string, { sha256: string; bytes: number }>): Promise<string | null> {
    const absolute = this.library.absolute(claim.path);
    try {
      const { dev, ino } = await stat(absolute, { bigint: true });
      const inode = `${dev}:${ino}`;
      const found = read.get(inode) ?? (await hashFile(absolute));
      read.set(inode, found);
      if (found.bytes !== claim.bytes) return `has ${found.bytes} bytes, ${claim.bytes} were meant`;
      return found.sha256 === claim.sha256 ? null : `has SHA-256 ${found.sha256}, ${claim.sha256} was meant`;
    } catch (thrown) {
      if (thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT') return 'is missing';
      const error = toPipelineError(thrown);
      // A sick disk is not a wrong file: let the message come back.
      if (!error.permanent) throw error;
      return error.message;
    }
  }
}
