/**
 * The products of the sample shop: price and opening stock. The opening stock holds for a tenant until its stock of the
 * product is written for the first time, by a reservation or by `PUT /stock/{sku}`.
 */

export interface Product {
  readonly sku: string;
  readonly title: string;
  readonly priceCents: number;
  readonly openingStock: number;
}

const products: readonly Product[] = [
  { sku: 'anchor-mug', title: 'Enamel mug with an anchor', priceCents: 1_450, openingStock: 500 },
  { sku: 'bowline-lamp', title: 'Rope lamp, bowline knot', priceCents: 8_900, openingStock: 40 },
  { sku: 'buoy-bell', title: 'Brass door bell', priceCents: 5_200, openingStock: 60 },
  { sku: 'canvas-bag', title: 'Sailcloth bag, 30 l', priceCents: 6_900, openingStock: 150 },
  { sku: 'chart-print', title: 'Sea chart, print on linen', priceCents: 3_900, openingStock: 200 },
  { sku: 'cleat-hook', title: 'Cleat as a coat hook, set of two', priceCents: 2_400, openingStock: 300 },
  { sku: 'deck-lantern', title: 'Deck lantern, galvanised', priceCents: 7_450, openingStock: 80 },
  { sku: 'fisher-cap', title: 'Wool cap, navy', priceCents: 2_900, openingStock: 400 },
  { sku: 'harbour-puzzle', title: 'Puzzle, 1,000 pieces, harbour at night', priceCents: 3_250, openingStock: 120 },
  { sku: 'last-compass', title: 'Pocket compass, the last one', priceCents: 12_900, openingStock: 1 },
  { sku: 'rain-jacket', title: 'Rain jacket, yellow', priceCents: 15_900, openingStock: 90 },
  { sku: 'tide-clock', title: 'Tide clock', priceCents: 9_900, openingStock: 50 },
];

export const sampleCatalog: ReadonlyMap<string, Product> = new Map(products.map((product) => [product.sku, product]));
