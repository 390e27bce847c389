import { badRequest, missing, noZone } from './refusals';
import type { LocalLibrary } from './library';
import type { Database, Zone } from './zone';

export type Json = Readonly<Record<string, unknown>>;

/** The most records one answer holds, and one lookup may ask for. */
export const MAX_RECORDS = 200;

/** @throws CloudKitRefusal BAD_REQUEST unless it is an object */
export function object(value: unknown, field: string): Json {
  if (value === undefined || value === null) throw missing(field);
  if (typeof value !== 'object' || Array.isArray(value)) throw badRequest(`invalid value for field '${field}'`);
  return { ...value };
}

export function text(value: unknown, field: string): string {
  if (value === undefined || value === null) throw missing(field);
  if (typeof value !== 'string') throw badRequest(`invalid value for field '${field}'`);
  return value;
}

export function list(value: unknown, field: string): readonly unknown[] {
  if (value === undefined || value === null) throw missing(field);
  if (!Array.isArray(value)) throw badRequest(`invalid value for field '${field}'`);
  return value as readonly unknown[];
}

/** Which fields the answer's records may carry; null: all. */
export function desiredKeys(body: Json): ReadonlySet<string> | null {
  const keys = body['desiredKeys'];
  if (keys === undefined || keys === null) return null;
  return new Set(list(keys, 'desiredKeys').map((key) => text(key, 'desiredKeys')));
}

/** @param over what happens above the maximum */
export function resultsLimit(value: unknown, over: 'refuse' | 'cap'): number {
  if (value === undefined || value === null) return MAX_RECORDS;
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 1) throw badRequest("invalid value for field 'resultsLimit'");
  if (value > MAX_RECORDS && over === 'refuse') throw badRequest(`resultsLimit is greater than max size ${String(MAX_RECORDS)}`);
  return Math.min(value, MAX_RECORDS);
}

/** The zone that a body's zoneID names. @throws CloudKitRefusal ZONE_NOT_FOUND when this database does not have it */
export function zoneOf(body: Json, database: Database, library: LocalLibrary): Zone {
  const name = text(object(body['zoneID'], 'zoneID')['zoneName'], 'zoneName');
  const zone = library.zones.find((each) => each.id.zoneName === name && each.database === database);
  if (zone === undefined) throw noZone(name);
  return zone;
}

/** The filters of a query by field name: only equality is known here. */
export function filters(query: Json): ReadonlyMap<string, unknown> {
  const given = query['filterBy'];
  if (given === undefined || given === null) return new Map();
  const each = Array.isArray(given) ? (given as readonly unknown[]) : [given];
  return new Map(
    each.map((one) => {
      const filter = object(one, 'filterBy');
      const comparator = text(filter['comparator'], 'comparator');
      const value = object(filter['fieldValue'], 'fieldValue');
      if (comparator !== 'EQUALS' && comparator !== 'IN') throw badRequest(`unsupported comparator '${comparator}'`);
      text(value['type'], 'type');
      return [text(filter['fieldName'], 'fieldName'), value['value']] as const;
    }),
  );
}
