package webmodeler;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;

/** Stands in for Web Modeler's restapi: the same stack, configured by its environment alone. */
@SpringBootApplication
public class WebModeler {
    public static void main(String[] arguments) {
        SpringApplication.run(WebModeler.class, arguments);
    }
}
