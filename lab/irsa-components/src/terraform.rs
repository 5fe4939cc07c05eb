//! Real Terraform over a stand-in for the AWS provider, for tests of configurations without AWS and without registries.
//!
//! The stand-in has the real provider's schemas in three versions, validates some values, and invents what AWS would
//! return. It is in Go, in this crate's directory `terraform`, and is built once. Registry modules are stand-ins, too: the
//! same inputs, outputs and resources. `terraform init` selects versions of both by the constraints of the configuration.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use irsa_components::terraform::Terraform;
//!
//! let terraform = Terraform::locate("/var/cache/irsa".as_ref(), &|line| eprintln!("{line}")).await?;
//! let root = terraform.root_module("infrastructure".as_ref())?;
//! root.run(&["init"])?;
//! root.run(&["apply", "-auto-approve"])?;
//! # Ok(())
//! # }
//! ```

mod error;
mod installed;
mod registry;
mod root_module;

pub use error::TerraformError;
pub use installed::Terraform;
pub use root_module::RootModule;
