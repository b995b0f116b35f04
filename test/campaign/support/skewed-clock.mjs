/** Loaded with `--import`: the process lives NIGHTBEAM_TEST_SKEW_MS milliseconds away from the others. */
const skewMs = Number(process.env.NIGHTBEAM_TEST_SKEW_MS ?? 0);
const RealDate = Date;

globalThis.Date = class extends RealDate {
  constructor(...parts) {
    if (parts.length === 0) super(RealDate.now() + skewMs);
    else super(...parts);
  }

  static now() {
    return RealDate.now() + skewMs;
  }
};
