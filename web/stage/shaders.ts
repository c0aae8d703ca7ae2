/**
 * The programs of the WebGL2 painter. All light is added up in linear sRGB in a half-float picture (`ACC`), then brought to
 * the screen once, with its hue kept and a grain of less than one step of brightness, so that no glow shows bands.
 *
 * `u_box` is (cloth width, reed, top, height of the plane) and `u_screen` the picture's size, in CSS pixels.
 */

const HEAD = `#version 300 es
precision highp float;
`;

const AXIS = `
uniform vec4 u_box;
uniform vec2 u_screen;
uniform vec3 u_axis;  // live part per second, live seconds, bend (0: straight)
float place(float age) {
  float straight = age * u_axis.x;
  if (u_axis.z <= 0.0 || age <= u_axis.y) return straight;
  return u_axis.x * (u_axis.y + u_axis.z * log(1.0 + (age - u_axis.y) / u_axis.z));
}
float stretch(float age) {
  return u_axis.z <= 0.0 || age <= u_axis.y ? u_axis.x : u_axis.x / (1.0 + (age - u_axis.y) / u_axis.z);
}
vec4 onScreen(vec2 p) { return vec4(p.x / u_screen.x * 2.0 - 1.0, 1.0 - p.y / u_screen.y * 2.0, 0.0, 1.0); }
`;

/** A thread: expanded up and down, so that neighbouring pieces share their ends and never add up to a dot. */
export const THREAD = {
  vertex: `${HEAD}${AXIS}
in vec4 a_line;   // age, y, slope, alpha
in vec4 a_light;  // linear light, yarn
uniform float u_slide;
uniform float u_straight;  // width to the right of the reed for lines that lie in the field; negative: bare warp; 0: cloth
uniform float u_thick;
uniform vec2 u_weave;      // the newest frame's place in the pattern, in windows; windows per second
out vec3 v_light;
out float v_alpha;
out float v_across;
out float v_x;
out float v_phase;
void main() {
  float age = a_line.x - (u_straight == 0.0 ? u_slide : 0.0);
  float x = u_straight == 0.0 ? u_box.y - place(age) * u_box.x : u_box.y + a_line.x * u_straight;
  float run = u_straight == 0.0 ? -stretch(age) * u_box.x : u_straight;
  float steep = min(12.0, abs(a_line.z * u_box.w / run));
  float grow = sqrt(1.0 + steep * steep);
  float reach = u_thick + 1.0;
  float side = (gl_VertexID & 1) == 0 ? 1.0 : -1.0;
  v_across = side * reach;
  v_light = a_light.rgb;
  v_alpha = a_line.w;
  v_x = x;
  v_phase = u_straight == 0.0 ? u_weave.x - a_line.x * u_weave.y + a_light.a : 0.0;
  gl_Position = onScreen(vec2(x, u_box.z + a_line.y * u_box.w + side * reach * grow));
}`,
  fragment: `${HEAD}
in vec3 v_light;
in float v_alpha;
in float v_across;
in float v_x;
in float v_phase;
uniform float u_gain;
uniform float u_thick;
uniform float u_straight;
uniform float u_depth;   // how deep the interlacing is, 0 to 0.5
uniform vec4 u_box;
out vec4 o_light;
void main() {
  float line = exp(-v_across * v_across / (u_thick * u_thick));
  float far = u_box.y - u_box.x;
  float inside = u_straight > 0.0 ? 1.0 : smoothstep(far, far + 0.09 * u_box.x, v_x) * step(v_x, u_box.y);
  float fine = 1.0 - smoothstep(0.08, 0.35, fwidth(v_phase));
  float weave = 1.0 + u_depth * fine * cos(3.14159265 * v_phase);
  o_light = vec4(v_light * (v_alpha * line * inside * weave * u_gain), 1.0);
}`,
} as const;

/** A weft thread: upright, seen where the threads it crosses lie under it. */
export const WEFT = {
  vertex: `${HEAD}${AXIS}
in vec4 a_line;   // age, y, -, alpha
in vec4 a_light;  // linear light, place across in yarns
uniform float u_slide;
uniform float u_thick;
uniform vec2 u_weave;
out vec3 v_light;
out float v_alpha;
out float v_across;
out float v_yarn;
out float v_phase;
out float v_x;
void main() {
  float age = a_line.x - u_slide;
  float side = (gl_VertexID & 1) == 0 ? 1.0 : -1.0;
  v_across = side * (u_thick + 1.0);
  v_x = u_box.y - place(age) * u_box.x;
  v_light = a_light.rgb;
  v_alpha = a_line.w;
  v_yarn = a_light.a;
  v_phase = floor(u_weave.x - a_line.x * u_weave.y + 0.5);
  gl_Position = onScreen(vec2(v_x + v_across, u_box.z + a_line.y * u_box.w));
}`,
  fragment: `${HEAD}
in vec3 v_light;
in float v_alpha;
in float v_across;
in float v_yarn;
in float v_phase;
in float v_x;
uniform float u_gain;
uniform float u_thick;
uniform vec4 u_box;
out vec4 o_light;
void main() {
  float line = exp(-v_across * v_across / (u_thick * u_thick));
  float under = 0.5 - 0.5 * cos(3.14159265 * (floor(v_yarn) + v_phase));
  float ends = smoothstep(0.0, 1.2, v_yarn) * (1.0 - smoothstep(8.8, 10.0, v_yarn));
  float far = u_box.y - u_box.x;
  float inside = smoothstep(far, far + 0.09 * u_box.x, v_x) * step(v_x, u_box.y);
  o_light = vec4(v_light * (v_alpha * line * mix(0.12, 1.0, under) * mix(0.4, 1.0, ends) * inside * u_gain), 1.0);
}`,
} as const;

const COLOUR = `
vec3 lightOf(vec2 p) {  // valence, arousal
  float L = 0.5 + 0.34 * (clamp(p.y, -1.0, 1.0) + 1.0) / 2.0;
  float hue = radians(p.x < 0.0 ? 255.0 : 65.0);
  float chroma = 0.16 * min(1.0, abs(p.x));
  vec2 ab = chroma * vec2(cos(hue), sin(hue));
  float l = L + 0.3963377774 * ab.x + 0.2158037573 * ab.y;
  float m = L - 0.1055613458 * ab.x - 0.0638541728 * ab.y;
  float s = L - 0.0894841775 * ab.x - 1.2914855480 * ab.y;
  l = l * l * l; m = m * m * m; s = s * s * s;
  return clamp(vec3(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
                    -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
                    -0.0041960863 * l - 0.7034186147 * m + 1.7076147010 * s), 0.0, 1.0);
}
`;

const DENSITY = `
uniform sampler2D u_before;
uniform sampler2D u_now;
uniform float u_turn;
float density(vec2 p) {  // valence, arousal
  vec2 at = vec2(p.y, p.x) / (2.0 * 1.25) + 0.5;
  return mix(textureLod(u_before, at, 0.0).r, textureLod(u_now, at, 0.0).r, u_turn);
}
`;

/** The glow of the field: one soft light over the right third. */
export const GLOW = {
  vertex: `${HEAD}
uniform vec2 u_screen;
uniform vec4 u_field;  // quiet, stirred, top, bottom in pixels
uniform float u_reed;
out vec2 v_at;
out float v_x;
void main() {
  vec2 corner = vec2(gl_VertexID & 1, gl_VertexID >> 1);
  vec2 p = vec2(mix(u_reed, u_screen.x, corner.x), corner.y * u_screen.y);
  v_x = p.x - u_reed;
  v_at = vec2(1.0 - 2.0 * (p.y - u_field.z) / (u_field.w - u_field.z), 2.0 * (p.x - u_field.x) / (u_field.y - u_field.x) - 1.0);
  gl_Position = vec4(p.x / u_screen.x * 2.0 - 1.0, 1.0 - p.y / u_screen.y * 2.0, 0.0, 1.0);
}`,
  fragment: `${HEAD}${COLOUR}${DENSITY}
in vec2 v_at;
in float v_x;
uniform float u_gain;
out vec4 o_light;
void main() {
  float d = density(v_at);
  vec2 over = 1.0 - smoothstep(vec2(0.7), vec2(1.14), abs(v_at));
  float edge = over.x * over.y * smoothstep(0.0, 24.0, v_x);
  // The eye sees faint light as more than it is: without the power every slope would look like a plateau.
  float shine = pow(d / (d + 2.2), 2.0);
  o_light = vec4(lightOf(v_at) * shine * edge * u_gain, 1.0);
}`,
} as const;

/** The fleece: short loose threads that stay where they are and light up where people are. */
export const FLEECE = {
  vertex: `${HEAD}${COLOUR}${DENSITY}
in vec4 a_home;  // valence, arousal, along (-1 to 1), scatter
uniform vec2 u_screen;
uniform vec4 u_field;
uniform float u_length;
uniform float u_thick;
out vec3 v_light;
out float v_across;
void main() {
  vec2 home = a_home.xy;
  float d = density(home);
  vec2 over = 1.0 - smoothstep(vec2(0.8), vec2(1.06), abs(home));
  float lit = over.x * over.y * pow(d / (d + 2.5), 1.8) * (0.15 + 0.85 * a_home.w * a_home.w);
  float turn = (fract(a_home.w * 71.0) - 0.5) * 0.7;
  float along = a_home.z;
  float bend = (fract(a_home.w * 37.0) - 0.5) * 0.5;
  vec2 centre = vec2(mix(u_field.x, u_field.y, (home.y + 1.0) / 2.0), mix(u_field.w, u_field.z, (home.x + 1.0) / 2.0));
  vec2 direction = vec2(cos(turn), sin(turn));
  vec2 across = vec2(-direction.y, direction.x);
  float side = (gl_VertexID & 1) == 0 ? 1.0 : -1.0;
  v_across = side * (u_thick + 1.0);
  v_light = lightOf(home) * lit * (1.0 - along * along);
  float size = u_length * (0.5 + fract(a_home.w * 13.0));
  vec2 p = centre + direction * along * size + across * (bend * along * along * size + v_across);
  gl_Position = lit < 0.004 ? vec4(2.0, 2.0, 0.0, 1.0) : vec4(p.x / u_screen.x * 2.0 - 1.0, 1.0 - p.y / u_screen.y * 2.0, 0.0, 1.0);
}`,
  fragment: `${HEAD}
in vec3 v_light;
in float v_across;
uniform float u_gain;
uniform float u_thick;
out vec4 o_light;
void main() { o_light = vec4(v_light * (exp(-v_across * v_across / (u_thick * u_thick)) * u_gain), 1.0); }`,
} as const;

/** The outline of a mode, for when the colour has drained. */
export const RING = {
  vertex: `${HEAD}
uniform vec2 u_screen;
uniform vec4 u_ring;  // centre and radii in pixels
uniform float u_thick;
out float v_across;
void main() {
  float turn = 6.28318531 * float(gl_VertexID >> 1) / 96.0;
  v_across = ((gl_VertexID & 1) == 0 ? 1.0 : -1.0) * (u_thick + 1.0);
  vec2 p = u_ring.xy + (u_ring.zw + v_across) * vec2(cos(turn), sin(turn));
  gl_Position = vec4(p.x / u_screen.x * 2.0 - 1.0, 1.0 - p.y / u_screen.y * 2.0, 0.0, 1.0);
}`,
  fragment: `${HEAD}
in float v_across;
uniform float u_gain;
uniform float u_thick;
out vec4 o_light;
void main() { o_light = vec4(vec3(exp(-v_across * v_across / (u_thick * u_thick)) * u_gain), 1.0); }`,
} as const;

/** From added light to the screen. */
export const SCREEN = {
  vertex: `${HEAD}
void main() { gl_Position = vec4(vec2(gl_VertexID & 1, gl_VertexID >> 1) * 4.0 - 1.0, 0.0, 1.0); }`,
  fragment: `${HEAD}
uniform sampler2D u_light;
uniform sampler2D u_held;
uniform float u_fade;
uniform float u_drain;
uniform float u_daylight;
uniform vec3 u_ground;
out vec4 o_colour;
float grain(vec2 p, float k) {
  vec3 q = fract(vec3(p.xyx + k) * vec3(0.1031, 0.1030, 0.0973));
  q += dot(q, q.yzx + 33.33);
  return fract((q.x + q.y) * q.z);
}
vec3 toScreen(vec3 c) { return mix(12.92 * c, 1.055 * pow(max(c, 0.0), vec3(1.0 / 2.4)) - 0.055, step(0.0031308, c)); }
void main() {
  ivec2 at = ivec2(gl_FragCoord.xy);
  vec3 light = mix(texelFetch(u_held, at, 0).rgb, texelFetch(u_light, at, 0).rgb, u_fade);
  float much = dot(light, vec3(0.2126, 0.7152, 0.0722));
  light = mix(light, vec3(much), u_drain);
  // The hue is kept however much light falls on one place: brightness bends, colours never add up to white.
  float peak = max(light.r, max(light.g, light.b));
  vec3 bent = light * ((1.0 - exp(-1.15 * peak)) / max(peak, 1e-5));
  vec3 dark = u_ground + bent * (1.0 - u_ground);
  float ink = 1.0 - exp(-4.2 * peak);
  vec3 hue = light / max(peak, 1e-5);
  vec3 bright = u_ground * mix(vec3(1.0), pow(max(hue, 0.0), vec3(1.2)) * 0.42, ink);
  vec3 colour = toScreen(mix(dark, bright, u_daylight));
  float noise = (grain(gl_FragCoord.xy, 0.0) + grain(gl_FragCoord.xy, 19.19) - 1.0) / 255.0;
  // The grain lives in the light alone, so the bare ground stays one even colour.
  o_colour = vec4(colour + noise * smoothstep(0.0, 0.002, peak), 1.0);
}`,
} as const;
