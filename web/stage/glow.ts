/**
 * The painter with WebGL2: adds up light in half floats, then brings it to the screen once.
 *
 * It owns its canvas's context and every buffer in it. It draws when told and never by itself.
 */
import { LIVE_PART, LIVE_SECONDS } from "./axis.ts";
import { POINTS } from "./field.ts";
import { placeInField } from "./layout.ts";
import { evenPoint, scatter } from "./noise.ts";
import type { Moment, Painter, Picture } from "./picture.ts";
import { FLEECE, GLOW, RING, SCREEN, THREAD, WEFT } from "./shaders.ts";
import { STRIDE, type Lines } from "./weave.ts";

type GL = WebGL2RenderingContext;

interface Strips {
  readonly array: WebGLVertexArrayObject;
  readonly count: number;
  readonly buffers: readonly WebGLBuffer[];
}

interface Program {
  readonly program: WebGLProgram;
  set(name: string, ...values: number[]): void;
}

const RESTART = 0xffffffff;
const FLEECE_COUNT = 3200;
const FLEECE_POINTS = 7;

/** Linear sRGB of the dark ground #0b0b10 and of the paper of the light version. */
const DARK = [0.00335, 0.00335, 0.00518] as const;
const PAPER = [0.905, 0.905, 0.9] as const;

/** A painter on this canvas, or null when the browser has no WebGL2 or it cannot add up light. */
export function glowPainter(canvas: HTMLCanvasElement): Painter | null {
  const gl = canvas.getContext("webgl2", { alpha: false, antialias: false, depth: false, powerPreference: "low-power" });
  if (gl === null || gl.getExtension("EXT_color_buffer_float") === null) return null;
  return new Glow(gl, canvas);
}

class Glow implements Painter {
  readonly #gl: GL;
  readonly #canvas: HTMLCanvasElement;
  readonly #programs: Record<"thread" | "weft" | "glow" | "fleece" | "ring" | "screen", Program>;
  readonly #fleece: Strips;
  readonly #empty: WebGLVertexArrayObject;
  #picture: Picture | null = null;
  #warp: Strips;
  #threads: Strips;
  #weft: Strips;
  #outlines: Strips;
  #roving: Strips;
  #rovingBefore: Strips;
  #density: WebGLTexture;
  #densityBefore: WebGLTexture;
  #light: { texture: WebGLTexture; frame: WebGLFramebuffer } | null = null;
  #held: { texture: WebGLTexture; frame: WebGLFramebuffer } | null = null;

  constructor(gl: GL, canvas: HTMLCanvasElement) {
    this.#gl = gl;
    this.#canvas = canvas;
    const make = (source: { vertex: string; fragment: string }): Program => link(gl, source.vertex, source.fragment);
    this.#programs = {
      thread: make(THREAD), weft: make(WEFT), glow: make(GLOW), fleece: make(FLEECE), ring: make(RING), screen: make(SCREEN),
    };
    const none: Lines = { data: new Float32Array(0), starts: new Uint32Array([0]) };
    const empty = (): Strips => stripsOf(gl, none);
    [this.#warp, this.#threads, this.#weft] = [empty(), empty(), empty()];
    [this.#outlines, this.#roving, this.#rovingBefore] = [empty(), empty(), empty()];
    this.#fleece = fleeceOf(gl);
    this.#empty = gl.createVertexArray();
    this.#density = densityTexture(gl, new Float32Array(POINTS * POINTS));
    this.#densityBefore = densityTexture(gl, new Float32Array(POINTS * POINTS));
  }

  load(picture: Picture): void {
    const gl = this.#gl;
    this.#picture = picture;
    this.#fit(picture);
    for (const old of [this.#warp, this.#threads, this.#weft, this.#outlines, this.#rovingBefore]) drop(gl, old);
    this.#warp = stripsOf(gl, picture.warp);
    this.#threads = stripsOf(gl, picture.threads);
    this.#weft = stripsOf(gl, picture.weft);
    this.#outlines = stripsOf(gl, picture.outlines);
    this.#rovingBefore = this.#roving;
    this.#roving = stripsOf(gl, picture.roving);
    gl.deleteTexture(this.#densityBefore);
    this.#densityBefore = this.#density;
    this.#density = densityTexture(gl, picture.density);
  }

  hold(): void {
    [this.#light, this.#held] = [this.#held, this.#light];
  }

  paint(moment: Moment): void {
    const picture = this.#picture;
    if (picture === null || this.#light === null || this.#held === null) return;
    const gl = this.#gl;
    gl.viewport(0, 0, this.#canvas.width, this.#canvas.height);
    gl.bindFramebuffer(gl.FRAMEBUFFER, this.#light.frame);
    gl.clearColor(0, 0, 0, 1);
    gl.clear(gl.COLOR_BUFFER_BIT);
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE);
    this.#paintField(picture, moment);
    this.#paintCloth(picture, moment);
    this.#paintRings(picture, moment);
    gl.disable(gl.BLEND);
    this.#show(moment);
  }

  #paintField(picture: Picture, moment: Moment): void {
    const gl = this.#gl;
    const { layout } = picture;
    const shine = 1 - 0.8 * moment.drain;
    for (const [program, gain] of [[this.#programs.glow, 0.8], [this.#programs.fleece, 0.55]] as const) {
      gl.useProgram(program.program);
      bind(gl, 0, this.#densityBefore);
      bind(gl, 1, this.#density);
      program.set("u_before", 0);
      program.set("u_now", 1);
      program.set("u_turn", moment.turn);
      program.set("u_screen", layout.width, layout.height);
      program.set("u_field", layout.quiet, layout.right, layout.top, layout.bottom);
      program.set("u_gain", gain * shine);
    }
    const { glow, fleece } = this.#programs;
    gl.useProgram(glow.program);
    glow.set("u_reed", layout.reed);
    gl.bindVertexArray(this.#empty);
    gl.drawArrays(gl.TRIANGLE_STRIP, 0, 4);
    gl.useProgram(fleece.program);
    fleece.set("u_length", Math.max(7, (layout.right - layout.quiet) * 0.05));
    fleece.set("u_thick", this.#thick(0.5));
    this.#draw(this.#fleece);
  }

  #paintCloth(picture: Picture, moment: Moment): void {
    const { thread, weft } = this.#programs;
    const { layout } = picture;
    const live = 1 - 0.9 * moment.drain;
    this.#useCloth(weft, picture, moment);
    weft.set("u_thick", this.#thick(0.55));
    weft.set("u_gain", 0.19 * live);
    this.#draw(this.#weft);
    this.#useCloth(thread, picture, moment);
    thread.set("u_thick", this.#thick(0.55));
    thread.set("u_depth", 0.55);
    this.#lines(thread, this.#threads, 0, 0.2 * live);
    this.#lines(thread, this.#outlines, 0, 0.5 * moment.drain);
    thread.set("u_depth", 0);
    this.#lines(thread, this.#warp, -(layout.reed - layout.left), 0.032 * moment.warp);
    const inField = layout.right - layout.reed;
    this.#lines(thread, this.#rovingBefore, inField, 0.1 * live * (1 - moment.turn));
    this.#lines(thread, this.#roving, inField, 0.1 * live * moment.turn);
  }

  #useCloth(program: Program, picture: Picture, moment: Moment): void {
    const { layout, axis, now, window } = picture;
    this.#gl.useProgram(program.program);
    program.set("u_box", layout.reed - layout.left, layout.reed, layout.top, layout.bottom - layout.top);
    program.set("u_screen", layout.width, layout.height);
    program.set("u_axis", LIVE_PART / LIVE_SECONDS, LIVE_SECONDS, Number.isFinite(axis.bend) ? axis.bend : 0);
    program.set("u_slide", moment.slide);
    program.set("u_weave", (now / window) % 2, 1 / window);
  }

  #lines(program: Program, strips: Strips, straight: number, gain: number): void {
    if (gain <= 0) return;
    program.set("u_straight", straight);
    program.set("u_gain", gain);
    this.#draw(strips);
  }

  #paintRings(picture: Picture, moment: Moment): void {
    if (moment.drain <= 0) return;
    const gl = this.#gl;
    const { ring } = this.#programs;
    const { layout } = picture;
    gl.useProgram(ring.program);
    gl.bindVertexArray(this.#empty);
    ring.set("u_screen", layout.width, layout.height);
    ring.set("u_thick", this.#thick(0.6));
    ring.set("u_gain", 0.45 * moment.drain);
    for (const { valence, arousal, spread } of picture.rings) {
      const centre = placeInField(layout, valence, arousal);
      const tall = (Math.max(0.06, spread[0]) * (layout.bottom - layout.top)) / 2;
      const wide = (Math.max(0.06, spread[1]) * (layout.right - layout.quiet)) / 2;
      ring.set("u_ring", centre.x, centre.y, wide, tall);
      gl.drawArrays(gl.TRIANGLE_STRIP, 0, 2 * 97);
    }
  }

  #show(moment: Moment): void {
    const gl = this.#gl;
    const { screen } = this.#programs;
    gl.bindFramebuffer(gl.FRAMEBUFFER, null);
    gl.useProgram(screen.program);
    bind(gl, 0, this.#light?.texture ?? null);
    bind(gl, 1, this.#held?.texture ?? null);
    screen.set("u_light", 0);
    screen.set("u_held", 1);
    screen.set("u_fade", moment.fade);
    screen.set("u_drain", moment.drain);
    screen.set("u_daylight", moment.daylight ? 1 : 0);
    screen.set("u_ground", ...(moment.daylight ? PAPER : DARK));
    gl.bindVertexArray(this.#empty);
    gl.drawArrays(gl.TRIANGLES, 0, 3);
  }

  #draw(strips: Strips): void {
    const gl = this.#gl;
    gl.bindVertexArray(strips.array);
    gl.drawElements(gl.TRIANGLE_STRIP, strips.count, gl.UNSIGNED_INT, 0);
  }

  /** A thread's thickness: fine on dense screens, never under what can be drawn without a dotted edge. */
  #thick(pixels: number): number {
    const width = this.#picture?.layout.width ?? 1;
    return Math.max(pixels, (0.75 * width) / this.#canvas.width, pixels * Math.sqrt(width / 1400));
  }

  /** Fits the canvas and its light to the layout. */
  #fit({ layout }: Picture): void {
    const scale = Math.min(2, globalThis.devicePixelRatio || 1);
    const [width, height] = [Math.round(layout.width * scale), Math.round(layout.height * scale)];
    if (this.#light !== null && this.#canvas.width === width && this.#canvas.height === height) return;
    [this.#canvas.width, this.#canvas.height] = [width, height];
    for (const old of [this.#light, this.#held]) dropTarget(this.#gl, old);
    this.#light = targetOf(this.#gl, width, height);
    this.#held = targetOf(this.#gl, width, height);
  }
}

function link(gl: GL, vertex: string, fragment: string): Program {
  const program = gl.createProgram();
  for (const [kind, source] of [[gl.VERTEX_SHADER, vertex], [gl.FRAGMENT_SHADER, fragment]] as const) {
    const shader = gl.createShader(kind) as WebGLShader;
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
    if (!gl.getShaderParameter(shader, gl.COMPILE_STATUS)) throw new Error(gl.getShaderInfoLog(shader) ?? "shader");
  }
  ["a_line", "a_light"].forEach((name, i) => gl.bindAttribLocation(program, i, name));
  gl.bindAttribLocation(program, 0, vertex.includes("a_home") ? "a_home" : "a_line");
  gl.linkProgram(program);
  if (!gl.getProgramParameter(program, gl.LINK_STATUS)) throw new Error(gl.getProgramInfoLog(program) ?? "program");
  return { program, set: setterOf(gl, program) };
}

const SAMPLERS = new Set(["u_before", "u_now", "u_light", "u_held"]);

function setterOf(gl: GL, program: WebGLProgram): Program["set"] {
  const places = new Map<string, WebGLUniformLocation | null>();
  return (name, ...values) => {
    if (!places.has(name)) places.set(name, gl.getUniformLocation(program, name));
    const place = places.get(name) ?? null;
    if (SAMPLERS.has(name)) gl.uniform1i(place, values[0] ?? 0);
    else if (values.length === 1) gl.uniform1f(place, values[0] ?? 0);
    else if (values.length === 2) gl.uniform2fv(place, values);
    else if (values.length === 3) gl.uniform3fv(place, values);
    else gl.uniform4fv(place, values);
  };
}

/** Lines as triangle strips: each point twice, for both edges of its thread. */
function stripsOf(gl: GL, { data, starts }: Lines): Strips {
  const points = data.length / STRIDE;
  const twice = new Float32Array(points * 2 * STRIDE);
  for (let i = 0; i < points; i += 1) {
    const point = data.subarray(i * STRIDE, (i + 1) * STRIDE);
    twice.set(point, 2 * i * STRIDE);
    twice.set(point, (2 * i + 1) * STRIDE);
  }
  const lines = Math.max(0, starts.length - 1);
  const order = new Uint32Array(points * 2 + lines);
  let n = 0;
  for (let i = 0; i < lines; i += 1) {
    for (let v = 2 * (starts[i] ?? 0); v < 2 * (starts[i + 1] ?? 0); v += 1) order[n++] = v;
    order[n++] = RESTART;
  }
  return upload(gl, twice, order.subarray(0, n), [4, 4]);
}

/** The fleece: threads at fixed places, each a strip of its own. */
function fleeceOf(gl: GL): Strips {
  const vertices: number[] = [];
  const order: number[] = [];
  for (let i = 0; i < FLEECE_COUNT; i += 1) {
    const [a, v] = evenPoint(i);
    for (let k = 0; k < FLEECE_POINTS; k += 1) {
      const along = (k / (FLEECE_POINTS - 1)) * 2 - 1;
      for (let side = 0; side < 2; side += 1) {
        order.push(vertices.length / 4);
        vertices.push(v * 2.1 - 1.05, a * 2.1 - 1.05, along, scatter(i, 3));
      }
    }
    order.push(RESTART);
  }
  return upload(gl, Float32Array.from(vertices), Uint32Array.from(order), [4]);
}

function upload(gl: GL, vertices: Float32Array, order: Uint32Array, sizes: readonly number[]): Strips {
  const array = gl.createVertexArray();
  const buffers = [gl.createBuffer(), gl.createBuffer()] as const;
  gl.bindVertexArray(array);
  gl.bindBuffer(gl.ARRAY_BUFFER, buffers[0]);
  gl.bufferData(gl.ARRAY_BUFFER, vertices, gl.STATIC_DRAW);
  gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, buffers[1]);
  gl.bufferData(gl.ELEMENT_ARRAY_BUFFER, order, gl.STATIC_DRAW);
  const stride = sizes.reduce((a, b) => a + b, 0) * 4;
  let offset = 0;
  sizes.forEach((size, i) => {
    gl.enableVertexAttribArray(i);
    gl.vertexAttribPointer(i, size, gl.FLOAT, false, stride, offset);
    offset += size * 4;
  });
  gl.bindVertexArray(null);
  return { array, count: order.length, buffers };
}

function drop(gl: GL, strips: Strips): void {
  gl.deleteVertexArray(strips.array);
  for (const buffer of strips.buffers) gl.deleteBuffer(buffer);
}

function bind(gl: GL, unit: number, texture: WebGLTexture | null): void {
  gl.activeTexture(gl.TEXTURE0 + unit);
  gl.bindTexture(gl.TEXTURE_2D, texture);
}

function densityTexture(gl: GL, density: Float32Array): WebGLTexture {
  const texture = gl.createTexture();
  bind(gl, 0, texture);
  gl.texImage2D(gl.TEXTURE_2D, 0, gl.R16F, POINTS, POINTS, 0, gl.RED, gl.FLOAT, density);
  smooth(gl, gl.LINEAR);
  return texture;
}

function targetOf(gl: GL, width: number, height: number): { texture: WebGLTexture; frame: WebGLFramebuffer } {
  const texture = gl.createTexture();
  bind(gl, 0, texture);
  gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA16F, width, height, 0, gl.RGBA, gl.HALF_FLOAT, null);
  smooth(gl, gl.NEAREST);
  const frame = gl.createFramebuffer();
  gl.bindFramebuffer(gl.FRAMEBUFFER, frame);
  gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.TEXTURE_2D, texture, 0);
  return { texture, frame };
}

function dropTarget(gl: GL, target: { texture: WebGLTexture; frame: WebGLFramebuffer } | null): void {
  if (target === null) return;
  gl.deleteTexture(target.texture);
  gl.deleteFramebuffer(target.frame);
}

function smooth(gl: GL, how: number): void {
  gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, how);
  gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, how);
  gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_S, gl.CLAMP_TO_EDGE);
  gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_T, gl.CLAMP_TO_EDGE);
}
