package interop;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** Prints what checks of OpenSearch saw as JSON, one line each, without what differs from run to run. */
final class Lines {
    @FunctionalInterface
    interface Check {
        Object run() throws Exception;
    }

    static final ObjectMapper JSON = new ObjectMapper();

    private static final Set<String> MASKED = Set.of(
            "took", "_seq_no", "_primary_term", "task", "_scroll_id", "scroll_id", "pit_id", "creation_time", "node",
            "uuid", "cluster_uuid", "index_uuid", "throttled_millis", "throttled_until_millis", "name", "creation_date");
    private static final PrintStream OUT = new PrintStream(System.out, true, StandardCharsets.UTF_8);

    private Lines() {}

    /** Every check reports, whatever breaks it. */
    static void check(String name, Check check) throws Exception {
        Map<String, Object> line = new LinkedHashMap<>();
        line.put("check", name);
        try {
            line.put("result", masked(JSON.convertValue(check.run(), Object.class)));
        } catch (Exception failure) {
            line.put("error", masked(failure.toString()));
        }
        OUT.println(JSON.writeValueAsString(line));
    }

    private static Object masked(Object value) {
        if (value instanceof Map<?, ?> map) {
            Map<String, Object> shown = new TreeMap<>();
            map.forEach((key, each) -> shown.put(key.toString(), MASKED.contains(key) ? "*" : masked(each)));
            return shown;
        }
        if (value instanceof List<?> list) {
            List<Object> shown = new ArrayList<>();
            list.forEach(each -> shown.add(masked(each)));
            return shown;
        }
        return value instanceof String text ? maskedText(text) : value;
    }

    private static String maskedText(String text) {
        return text.replaceAll("/[\\w-]{22}]", "/*]")
                .replaceAll("(127\\.0\\.0\\.1|localhost)(/127\\.0\\.0\\.1)?:\\d+", "*")
                .replaceAll("@[0-9a-f]{5,}|0x[0-9a-f]+", "*");
    }
}
