import { encode } from "uqr";

/** A QR code as the path of an SVG whose unit is one module. `size`: how many modules it is wide, without a margin. */
export function qrCode(text: string): { size: number; path: string } {
  const { data, size } = encode(text, { border: 0, ecc: "M" });
  const rows = data.map((row, y) =>
    [
      ...row
        .map((dark) => (dark ? "1" : "0"))
        .join("")
        .matchAll(/1+/g),
    ]
      .map(({ 0: run, index }) => `M${index} ${y}h${run.length}v1h-${run.length}z`)
      .join(""),
  );
  return { size, path: rows.join("") };
}
