/**
 * The look of a page, in a form that is independent of the font: the positions of its parts, and the colours in each. A
 * reference is a small picture and the boxes of its parts; both are in fixtures/screens.
 */
import type { Browser, Page } from "playwright-core";

/** The place of a part on the page, in pixels of the page. */
export interface Box {
  readonly name: string;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** A rendered page. */
export interface Screen {
  /** The width of the page. */
  readonly width: number;
  readonly boxes: readonly Box[];
}

/** A screen with its picture. */
export interface SeenScreen extends Screen {
  /** The picture as a small PNG. */
  readonly picture: Uint8Array;
}

/** The parts to compare. */
const parts = [
  ...[".verdict", ".verdict .word", ".verdict h1", ".tiles > div", ".warnings", "section > h2", "section > .scroll"],
  ...[".plot", ".plot .canvas", ".lives > li", ".whole", ".command", ".plan", ".advice", ".filter", ".area"],
];
/** The largest height of a picture, in pixels of the page: the picture omits the part further down. */
const tallest = 2_400;
/** The width of a picture, in its own pixels: a phone's page is long. */
const smallWidthOf = (width: number) => width > 600 ? 320 : 150;
/** Parts with only text: the font determines their colours. */
const textOnly = ["section > h2", ".verdict h1"];
/** Blocks of a part, across and down. */
const blocks = [6, 3] as const;

/** Takes the picture of a page. */
export async function seen(page: Page, browser: Browser): Promise<SeenScreen> {
  const found = await page.evaluate(`(() => {
    const boxes = ${JSON.stringify(parts)}.flatMap((selector) =>
      [...document.querySelectorAll(selector)].map((element, place) => {
        const { x, y, width, height } = element.getBoundingClientRect();
        return { name: selector + " " + place, x, y: y + scrollY, width, height };
      }));
    return { width: document.documentElement.clientWidth, boxes };
  })()`) as Screen;
  const boxes = found.boxes.filter(({ y, width, height }) => y + height <= tallest && width * height > 0);
  const height = Math.min(tallest, await page.evaluate("document.documentElement.scrollHeight") as number);
  const whole = await page.screenshot({ fullPage: true, clip: { x: 0, y: 0, width: found.width, height } });
  const picture = await inBlank<string>(
    browser,
    `async (png) => {
    const image = new Image();
    image.src = png;
    await image.decode();
    const canvas = document.createElement("canvas");
    canvas.width = ${smallWidthOf(found.width)};
    canvas.height = Math.round(image.height * canvas.width / image.width);
    const context = canvas.getContext("2d");
    context.imageSmoothingQuality = "high";
    context.drawImage(image, 0, 0, canvas.width, canvas.height);
    return canvas.toDataURL("image/png").split(",")[1];
  }`,
    dataUrl(whole),
  );
  return { width: found.width, boxes, picture: Uint8Array.fromBase64(picture) };
}

/** The mean red, green and blue of each part's blocks, and the spread of their pixels. */
export function coloursOf(browser: Browser, { picture, boxes, width }: SeenScreen): Promise<number[][][]> {
  const small = boxes.map((box) =>
    [box.x, box.y, box.width, box.height].map((value) => value * smallWidthOf(width) / width)
  );
  return inBlank(
    browser,
    `async (png) => {
    const image = new Image();
    image.src = png;
    await image.decode();
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [image.width, image.height];
    const context = canvas.getContext("2d");
    context.drawImage(image, 0, 0);
    return ${JSON.stringify(small)}.map(([left, top, wide, high]) => {
      const means = [];
      for (let block = 0; block < ${blocks[0] * blocks[1]}; block++) {
        const [across, down] = [block % ${blocks[0]}, Math.floor(block / ${blocks[0]})];
        const x = Math.floor(left + wide * across / ${blocks[0]});
        const y = Math.floor(top + high * down / ${blocks[1]});
        const { data } = context.getImageData(x, y, Math.max(1, Math.round(wide / ${
      blocks[0]
    })), Math.max(1, Math.round(high / ${blocks[1]})));
        const sum = [0, 0, 0];
        let squares = 0;
        for (let at = 0; at < data.length; at += 4) {
          for (const c of [0, 1, 2]) sum[c] += data[at + c];
          squares += data[at + 1] ** 2;
        }
        const count = data.length / 4;
        const spread = Math.sqrt(Math.max(0, squares / count - (sum[1] / count) ** 2));
        means.push([...sum.map((each) => each / count), spread].map(Math.round));
      }
      return means;
    });
  }`,
    dataUrl(picture),
  );
}

/** The permitted difference in the colour of one block, in 255ths of a channel. */
const colourTolerance = 26;
/** A block with a spread below the first value is empty; above the second it contains a drawing. */
const [empty, drawn] = [2, 5];
/** The permitted share of different blocks in one part: a line of text may break at another place. */
const blocksOff = 0.25;
/** The same for a tile full of text: half of its blocks change with the font. */
const tileBlocksOff = 0.55;

/** The differences between two screens, in sentences; empty where they differ only in the font. */
export async function differences(browser: Browser, now: SeenScreen, reference: SeenScreen): Promise<string[]> {
  const found: string[] = [];
  const [own, others] = [await coloursOf(browser, now), await coloursOf(browser, reference)];
  for (const [place, box] of reference.boxes.entries()) {
    const index = now.boxes.findIndex(({ name }) => name === box.name);
    const other = now.boxes[index];
    // A part at the lower edge of the picture may be in one picture only.
    if (other === undefined && box.y + box.height > tallest * 0.8) continue;
    if (other === undefined) found.push(`${box.name} is not there`);
    else found.push(...boxFaults(box, other, now.width), ...colourFaults(box.name, own[index]!, others[place]!));
  }
  return found;
}

function boxFaults(box: Box, now: Box, width: number): string[] {
  const across = Math.max(6, width * 0.03);
  const down = (value: number) => 30 + value * 0.2;
  // The width of a part that is as wide as its text depends on the font.
  const fitted = box.name.startsWith(".verdict .word");
  const off = [
    Math.abs(box.x - now.x) > across ? `from ${Math.round(box.x)} to ${Math.round(now.x)} across` : "",
    !fitted && Math.abs(box.width - now.width) > across
      ? `${Math.round(now.width)} wide, not ${Math.round(box.width)}`
      : "",
    Math.abs(box.y - now.y) > down(box.y) ? `from ${Math.round(box.y)} to ${Math.round(now.y)} down` : "",
    Math.abs(box.height - now.height) > down(box.height)
      ? `${Math.round(now.height)} high, not ${Math.round(box.height)}`
      : "",
  ];
  return off.filter((each) => each !== "").map((each) => `${box.name} is ${each}`);
}

function colourFaults(name: string, now: readonly number[][], reference: readonly number[][]): string[] {
  if (textOnly.some((part) => name.startsWith(part))) return [];
  const isDrawn = name.includes("canvas");
  const off = now.filter((block, place) => {
    const other = reference[place]!;
    const [spread, was] = [block[3]!, other[3]!];
    if (isDrawn && Math.min(spread, was) < empty && Math.max(spread, was) > drawn) return true;
    return [0, 1, 2].some((channel) => Math.abs(block[channel]! - other[channel]!) > colourTolerance);
  }).length;
  const share = name.startsWith(".tiles") ? tileBlocksOff : blocksOff;
  return off > now.length * share ? [`${name} has other colours in ${off} of ${now.length} blocks`] : [];
}

/** Evaluates a function of one text in an empty page, which has no policy. */
async function inBlank<T>(browser: Browser, script: string, text: string): Promise<T> {
  const context = await browser.newContext();
  try {
    const page = await context.newPage();
    return await page.evaluate(`(${script})(${JSON.stringify(text)})`) as T;
  } finally {
    await context.close();
  }
}

function dataUrl(png: Uint8Array): string {
  return `data:image/png;base64,${png.toBase64()}`;
}
