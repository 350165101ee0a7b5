// Sums of several numbers at once, and wide ones that all threads of a world know; called as those of workgroup.wgsl are.

var<workgroup> gatheredTwo: array<vec4<u32>, WORKGROUP>;

/** Two sums of what the threads give, modulo 2^64: of `a` in xy, of `b` in zw. */
fn sumOfTwo(lane: u32, a: U64, b: U64) -> vec4<u32> {
  gatheredTwo[lane] = vec4<u32>(a, b);
  workgroupBarrier();
  for (var half = WORKGROUP / 2u; half > 0u; half /= 2u) {
    if (lane < half) {
      let own = gatheredTwo[lane];
      let other = gatheredTwo[lane + half];
      gatheredTwo[lane] = vec4<u32>(addWide(own.xy, other.xy), addWide(own.zw, other.zw));
    }
    workgroupBarrier();
  }
  return workgroupUniformLoad(&gatheredTwo[0]);
}

/** What thread 0 says, to all, as a value on which all may branch together. */
fn agreeWide(lane: u32, value: U64) -> U64 {
  if (lane == 0u) {
    gathered[0] = value;
  }
  return workgroupUniformLoad(&gathered[0]);
}
