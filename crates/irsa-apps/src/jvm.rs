//! A process of Java: started, its log in a file, waited for, ended.
