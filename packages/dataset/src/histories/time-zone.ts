/** A time zone, such as America/New_York. */
export interface Zone {
  /**
   * The moment at which clocks show a time, which is given as if it were UTC; both in milliseconds. Of an
   * hour that clocks show twice, the first; in an hour that they skip, as if they were not changed yet.
   */
  momentOf(local: number): number;
}

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** Hours whose offsets are kept: asking a clock takes a hundred times as long. */
const MAX_HOURS = 100_000;

/**
 * Opens a zone of the IANA's database; undefined for other names. Abbreviations such as CST are not
 * zones: they mean several.
 */
export function openZone(name: string): Zone | undefined {
  const clock = name.includes("/") ? clockOf(name) : undefined;
  if (clock === undefined) return undefined;
  /** Offsets by hours; undefined for an hour in which clocks are changed. */
  const offsets = new Map<number, number | undefined>();
  return {
    momentOf: (local) => {
      const hour = Math.floor(local / HOUR);
      if (!offsets.has(hour)) {
        if (offsets.size === MAX_HOURS) offsets.clear();
        offsets.set(hour, offsetIn(clock, hour * HOUR));
      }
      const offset = offsets.get(hour);
      return offset === undefined ? momentAt(clock, local) : local - offset;
    },
  };
}

/** The offset during an hour, if clocks are not changed in it. */
function offsetIn(clock: Intl.DateTimeFormat, start: number): number | undefined {
  const end = start + HOUR - 1_000;
  const offset = start - momentAt(clock, start);
  return end - momentAt(clock, end) === offset ? offset : undefined;
}

function momentAt(clock: Intl.DateTimeFormat, local: number): number {
  const before = local - (shown(clock, local - DAY) - (local - DAY));
  const after = local - (shown(clock, local + DAY) - (local + DAY));
  return [before, after].find((moment) => shown(clock, moment) === local) ?? before;
}

function clockOf(timeZone: string): Intl.DateTimeFormat | undefined {
  try {
    return new Intl.DateTimeFormat("en-US", {
      timeZone,
      hourCycle: "h23",
      year: "numeric",
      month: "2-digit",
      day: "2-digit",
      hour: "2-digit",
      minute: "2-digit",
      second: "2-digit",
    });
  } catch {
    return undefined;
  }
}

/** What clocks show at a moment, as if it were UTC. */
function shown(clock: Intl.DateTimeFormat, moment: number): number {
  const parts = clock.formatToParts(moment).map(({ type, value }) => [type, Number(value)]);
  const { year, month, day, hour, minute, second } = Object.fromEntries(parts);
  return Date.UTC(year, month - 1, day, hour, minute, second);
}
