export { ImageCodecs } from './codecs';
export { CodecImageEncoder } from './image.encoder';
export { CodecImageProver } from './image.prover';
