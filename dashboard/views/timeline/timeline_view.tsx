export default function TimelineView() {
  return null;
}
