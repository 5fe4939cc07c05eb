package webmodeler;

import java.util.List;
import org.springframework.http.HttpStatus;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.transaction.annotation.Transactional;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;

/** Projects and the files in them. */
@RestController
@RequestMapping("/api/projects")
class Projects {
    record Project(long id, String name, long files) {}

    record NewProject(String name) {}

    record File(long id, String name, String content) {}

    record NewFile(String name, String content) {}

    private final JdbcClient database;

    Projects(JdbcClient database) {
        this.database = database;
    }

    @GetMapping
    List<Project> list() {
        return database.sql("""
                        select project.id, project.name, count(file.id) as files
                        from project left join file on file.project_id = project.id
                        group by project.id order by project.id""")
                .query(Project.class)
                .list();
    }

    @PostMapping
    @ResponseStatus(HttpStatus.CREATED)
    Project create(@RequestBody NewProject wanted) {
        return database.sql("insert into project (name) values (?) returning id, name, 0 as files")
                .param(wanted.name())
                .query(Project.class)
                .single();
    }

    @GetMapping("/{project}/files")
    List<File> files(@PathVariable long project) {
        return database.sql("select id, name, content from file where project_id = ? order by id")
                .param(project)
                .query(File.class)
                .list();
    }

    /** In a transaction with the project's own row, so that both are changed or none is. */
    @PostMapping("/{project}/files")
    @ResponseStatus(HttpStatus.CREATED)
    @Transactional
    public File add(@PathVariable long project, @RequestBody NewFile wanted) {
        database.sql("update project set changed_at = now() where id = ?")
                .param(project)
                .update();
        return database.sql("insert into file (project_id, name, content) values (?, ?, ?) returning id, name, content")
                .params(project, wanted.name(), wanted.content())
                .query(File.class)
                .single();
    }
}
