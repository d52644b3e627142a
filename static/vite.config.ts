import { resolve } from "node:path";
import vue from "@vitejs/plugin-vue";
import { defineConfig } from "vite";

const page = (name: string) => resolve(import.meta.dirname, name, "index.html");

// Three pages, one build: the server serves console and admin, the agent serves kiosk; all take /assets.
export default defineConfig({
  root: import.meta.dirname,
  base: "/",
  plugins: [vue()],
  resolve: { alias: { "@": import.meta.dirname } },
  define: { __VUE_OPTIONS_API__: "true", __VUE_PROD_DEVTOOLS__: "false", __INTLIFY_PROD_DEVTOOLS__: "false" },
  build: {
    outDir: "dist",
    emptyOutDir: true,
    target: "chrome120",
    // Data URLs would need an exception in the content security policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 1500,
    rollupOptions: { input: { kiosk: page("kiosk"), console: page("console"), admin: page("admin") } },
  },
  test: { include: ["**/*.test.ts"], exclude: ["node_modules/**", "dist/**"] },
} as Parameters<typeof defineConfig>[0]);
