import {
  Alert,
  type CSSVariablesResolver,
  createTheme,
  InputWrapper,
  type MantineColorsTuple,
  Skeleton,
} from "@mantine/core";

const wave: MantineColorsTuple = [
  "#eef2ff",
  "#dde5fd",
  "#b9c8f8",
  "#93aaf7",
  "#7089ec",
  "#5572e6",
  "#4361dd",
  "#3550c4",
  "#2c43a5",
  "#233584",
];
const gray: MantineColorsTuple = [
  "#f6f7f9",
  "#edf0f4",
  "#e1e5eb",
  "#ccd3dc",
  "#8490a0",
  "#6d7989",
  "#566173",
  "#3d4756",
  "#2b3442",
  "#18202c",
];
const dark: MantineColorsTuple = [
  "#e6eaf1",
  "#c3cad6",
  "#9ca8ba",
  "#6b788a",
  "#3a4555",
  "#2a3340",
  "#1d2532",
  "#171d27",
  "#10151d",
  "#0b0f15",
];

export const theme = createTheme({
  primaryColor: "wave",
  primaryShade: { light: 7, dark: 6 },
  colors: { wave, gray, dark },
  defaultRadius: "md",
  fontFamily: '"Inter", system-ui, -apple-system, "Segoe UI", Roboto, sans-serif',
  headings: { fontWeight: "650", textWrap: "balance" },
  respectReducedMotion: true,
  cursorType: "pointer",
  components: {
    Alert: Alert.extend({ defaultProps: { radius: "md" } }),
    InputWrapper: InputWrapper.extend({
      defaultProps: { inputWrapperOrder: ["label", "description", "input", "error"] },
    }),
    Skeleton: Skeleton.extend({ defaultProps: { radius: "sm" } }),
  },
});

/** Mantine's soft texts and borders are too faint to be read or seen by everybody. */
const OURS = {
  "--mantine-color-body": "var(--surface)",
  "--mantine-color-text": "var(--text)",
  "--mantine-color-dimmed": "var(--text-soft)",
  "--mantine-color-placeholder": "var(--text-soft)",
  "--mantine-color-error": "var(--bad-text)",
  "--mantine-color-anchor": "var(--accent)",
  "--mantine-color-default-border": "var(--line)",
};
export const variables: CSSVariablesResolver = () => ({ variables: {}, light: OURS, dark: OURS });
