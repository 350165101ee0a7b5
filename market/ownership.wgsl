// Twin of the prices of ownership.ts.

/** Milli-cash per cu: priceBase + floor(priceScale x (total / genesis)^2), saturated at 2^32 - 1. */
fn hardwarePrice() -> u32 {
  let total = loadWide(COLUMN_total, TOTAL_capacity).x;
  let stock = parameter(PARAMETER_hardware_genesisStock);
  let square = productOf(total, total);
  let scaled = mulDiv(parameterWide(PARAMETER_hardware_priceScale), square, productOf(stock, stock));
  return saturate(addWide(parameterWide(PARAMETER_hardware_priceBase), scaled));
}
