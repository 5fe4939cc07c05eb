create table file (
    id bigint generated always as identity primary key,
    project_id bigint not null references project (id) on delete cascade,
    name text not null,
    content text not null,
    unique (project_id, name)
);
create index file_by_project on file (project_id);
