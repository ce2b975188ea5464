/** The signs of the page, drawn in lines on a grid of 15: each is a path, so that all of them weigh as much as two of a
 * library's. */

import type { ComponentProps } from "react";

type IconProps = ComponentProps<"svg">;

const CIRCLE = "M7.5 1.5a6 6 0 1 0 0 12 6 6 0 1 0 0-12z";
const PIN = "M8.9 2.2l3.9 3.9-1.6.5-2.3 3.2-.3 2L4.2 7.4l2-.3 2.2-3.3z";
const PIN_POINT = "M5.6 9.4l-3.1 3.1";

function icon(path: string, fill = "none") {
  return function Icon(props: IconProps) {
    const isNamed = props["aria-label"] !== undefined;
    return (
      // biome-ignore lint/a11y/noSvgWithoutTitle: one that says something has a label, the others are hidden
      <svg
        width="15"
        height="15"
        viewBox="0 0 15 15"
        fill={fill}
        stroke="currentColor"
        strokeWidth="1.1"
        strokeLinecap="round"
        strokeLinejoin="round"
        aria-hidden={!isNamed}
        role={isNamed ? "img" : undefined}
        {...props}
      >
        <path d={path} />
      </svg>
    );
  };
}

export const ArrowDownIcon = icon("M7.5 3v9M4 8.5 7.5 12 11 8.5");
export const ArrowLeftIcon = icon("M12 7.5H3M6.5 4 3 7.5 6.5 11");
export const ArrowUpIcon = icon("M7.5 12V3M4 6.5 7.5 3 11 6.5");
export const CaretDownIcon = icon("M4.5 6l3 3.5 3-3.5z", "currentColor");
export const CheckCircledIcon = icon(`${CIRCLE}M5 7.7l1.8 1.8 3.4-3.8`);
export const CheckIcon = icon("M3 8l3 3 6-7");
export const ChevronDownIcon = icon("M4 6l3.5 3.5L11 6");
export const ChevronRightIcon = icon("M6 4l3.5 3.5L6 11");
export const ClockIcon = icon(`${CIRCLE}M7.5 4.2v3.4l2.2 1.3`);
export const CopyIcon = icon("M5 5h7.5v7.5H5zM2.5 10V2.5H10");
export const CounterClockwiseClockIcon = icon("M2 2.8v3h3M2.3 5.8a5.5 5.5 0 1 1-.2 2.6M7.5 4.6v3l2 1.3");
export const Cross2Icon = icon("M3.5 3.5l8 8M11.5 3.5l-8 8");
export const CrossCircledIcon = icon(`${CIRCLE}M5.5 5.5l4 4M9.5 5.5l-4 4`);
export const DotsHorizontalIcon = icon("M3 7h1v1H3zM7 7h1v1H7zM11 7h1v1h-1z", "currentColor");
export const DotsVerticalIcon = icon("M7 3h1v1H7zM7 7h1v1H7zM7 11h1v1H7z", "currentColor");
export const DownloadIcon = icon("M7.5 2v7.5M4.5 6.5l3 3 3-3M2.5 12.5h10");
export const DrawingPinFilledIcon = icon(PIN + PIN_POINT, "currentColor");
export const DrawingPinIcon = icon(PIN + PIN_POINT);
export const EnterFullScreenIcon = icon("M2.5 5.5v-3h3M9.5 2.5h3v3M12.5 9.5v3h-3M5.5 12.5h-3v-3");
export const ExclamationTriangleIcon = icon("M7.5 2l6 10.5h-12zM7.5 6v3M7.5 10.7v.1");
export const LapTimerIcon = icon("M7.5 3.5a5 5 0 1 0 0 10 5 5 0 1 0 0-10zM6 1.3h3M7.5 6v2.5");
export const Link2Icon = icon(
  "M5.8 9.2l3.4-3.4M6.8 4.3l1.4-1.4a2.75 2.75 0 0 1 3.9 3.9l-1.4 1.4M8.2 10.7l-1.4 1.4a2.75 2.75 0 0 1-3.9-3.9l1.4-1.4",
);
export const MagnifyingGlassIcon = icon("M6.5 2a4.5 4.5 0 1 0 0 9 4.5 4.5 0 1 0 0-9zM9.8 9.8l3.2 3.2");
export const MinusIcon = icon("M3 7.5h9");
export const MixerHorizontalIcon = icon(
  "M2 4.5h6M11 4.5h2M2 10.5h2M7 10.5h6M8 4.5a1.5 1.5 0 1 0 3 0 1.5 1.5 0 1 0-3 0M4 10.5a1.5 1.5 0 1 0 3 0 1.5 1.5 0 1 0-3 0",
);
export const MoonIcon = icon("M12.5 9A5.5 5.5 0 1 1 6 2.5 4.5 4.5 0 0 0 12.5 9z");
export const PaperPlaneIcon = icon("M1.8 7.2 13 2 8.8 13 6.8 8.3zM13 2 6.8 8.3");
export const PauseIcon = icon("M5 3v9M10 3v9");
export const PlayIcon = icon("M4 2.5v10l8-5z");
export const PlusIcon = icon("M3 7.5h9M7.5 3v9");
export const StopIcon = icon("M3.5 3.5h8v8h-8z");
export const SunIcon = icon(
  "M7.5 5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 1 0 0-5zM7.5 1v1.3M7.5 12.7V14M1 7.5h1.3M12.7 7.5H14M2.9 2.9l.9.9M11.2 11.2l.9.9M12.1 2.9l-.9.9M3.8 11.2l-.9.9",
);
