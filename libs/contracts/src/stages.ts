/** The eight stages, in the order in which an asset meets them. */
export const stageNames = ['ingest', 'dedupe', 'compressor', 'bridge', 'icloud-uploader', 'pixel-sync', 'verifier', 'sorter'] as const;
export type StageName = (typeof stageNames)[number];

export const destinations = ['icloud', 'pixel'] as const;
export type Destination = (typeof destinations)[number];
