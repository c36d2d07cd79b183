using System.Diagnostics;
using Xunit;

namespace LatentDb.Testing;

/// <summary>A test that needs a module of Python 3; without it the test is reported as skipped, with the reason.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class RequiresPythonModuleFactAttribute : FactAttribute
{
    // The system's own interpreter first: that is the one that distribution packages install modules for.
    private static readonly string[] Interpreters = ["/usr/bin/python3", "python3"];

    public RequiresPythonModuleFactAttribute(string module)
    {
        Module = module;
        if (FindInterpreter(module) is null) Skip = $"No python3 here has the module '{module}'; .ci/run installs it.";
    }

    public string Module { get; }

    /// <summary>The first interpreter that can import the module; null if none can.</summary>
    public static string? FindInterpreter(string module) => Interpreters.FirstOrDefault(interpreter => CanImport(interpreter, module));

    private static bool CanImport(string interpreter, string module)
    {
        try
        {
            var start = new ProcessStartInfo(interpreter, ["-c", $"import {module}"]) { UseShellExecute = false, RedirectStandardError = true };
            using Process process = Process.Start(start)!;
            process.WaitForExit();
            return process.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false; // there is no such program
        }
    }
}
