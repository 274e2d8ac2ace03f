// safetensors files: 8 bytes of header length, a JSON header, the tensors' bytes.

/** The tensors of a file: `{ name: { dtype, shape, bytes } }`. */
export function parse(file) {
  const headerLen = Number(file.readBigUInt64LE(0));
  const header = JSON.parse(file.subarray(8, 8 + headerLen).toString());
  const tensors = Object.entries(header).filter(([name]) => name !== "__metadata__");
  return Object.fromEntries(
    tensors.map(([name, { dtype, shape, data_offsets: [start, end] }]) => {
      return [name, { dtype, shape, bytes: file.subarray(8 + headerLen + start, 8 + headerLen + end) }];
    }),
  );
}

/** The file of tensors as `parse` gives them. */
export function write(tensors) {
  let end = 0;
  const header = Object.entries(tensors).map(([name, { dtype, shape, bytes }]) => {
    const start = end;
    end += bytes.length;
    return [name, { dtype, shape, data_offsets: [start, end] }];
  });
  const json = Buffer.from(JSON.stringify(Object.fromEntries(header)));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  return Buffer.concat([length, json, ...Object.values(tensors).map(({ bytes }) => bytes)]);
}

/** The numbers of an F32 tensor. */
export function numbers({ dtype, bytes }) {
  if (dtype !== "F32") throw new Error(`expected F32, found ${dtype}`);
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
}

/** An F32 tensor. */
export function tensor(shape, values) {
  return { dtype: "F32", shape, bytes: Buffer.from(Float32Array.from(values).buffer) };
}
