// Prints the ten best items for one history, and their scores (log-likelihoods, in nats):
//     node examples/dist/top-ten.js TARGET CATALOGUE ITEM...
import { openRecommender } from "@nightbeam/recommend";

const [target = "", catalogue = "", ...history] = process.argv.slice(2);
const recommender = await openRecommender({ target, catalogue, topK: 10 });
try {
  const { items, rejection } = await recommender.recommendOne({ user: "you", history });
  if (rejection !== undefined) console.error(`no list: ${rejection.detail}`);
  for (const { item, score } of items) console.log(`${item}\t${score.toFixed(3)}`);
} finally {
  await recommender.close();
}
