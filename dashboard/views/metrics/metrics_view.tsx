export default function MetricsView() {
  return null;
}
