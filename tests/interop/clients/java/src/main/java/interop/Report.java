package interop;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;

/** Runs checks and prints one JSON line for each. */
final class Report {
    /** Answers what the check saw; it is printed as strings, so that two runs compare as text. */
    @FunctionalInterface
    interface Check {
        Object[] run() throws Exception;
    }

    private final Map<String, Check> checks = new LinkedHashMap<>();

    Report add(String name, Check check) {
        checks.put(name, check);
        return this;
    }

    /** Runs all checks, whatever any of them does, and says whether every one passed. */
    boolean run() {
        boolean passed = true;
        for (Map.Entry<String, Check> entry : checks.entrySet()) {
            String rest;
            try {
                rest = "\"ok\":true,\"saw\":" + list(entry.getValue().run());
            } catch (Exception failure) {
                passed = false;
                rest = "\"ok\":false,\"error\":" + quoted(failure.toString());
            }
            System.out.println("{\"check\":" + quoted(entry.getKey()) + "," + rest + "}");
        }
        return passed;
    }

    private static String list(Object[] values) {
        return Arrays.stream(values)
                .map(value -> quoted(String.valueOf(value)))
                .collect(Collectors.joining(",", "[", "]"));
    }

    private static String quoted(String text) {
        StringBuilder out = new StringBuilder("\"");
        for (char each : text.toCharArray()) {
            if (each == '"' || each == '\\') {
                out.append('\\').append(each);
            } else if (each < 0x20) {
                out.append(String.format("\\u%04x", (int) each));
            } else {
                out.append(each);
            }
        }
        return out.append('"').toString();
    }
}
