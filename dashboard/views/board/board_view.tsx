export default function BoardView() {
  return null;
}
