using LatentDb.Testing;

namespace LatentDb.Silo.Tests.TypeScript;

/// <summary>A test that needs node and the TypeScript compiler beside the client; without them it is reported as skipped, with the command that brings them.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class RequiresTypeScriptFactAttribute : FactAttribute
{
    public RequiresTypeScriptFactAttribute()
    {
        if (new RequiresCommandFactAttribute("node").Skip is { } reason) Skip = reason;
        else if (!File.Exists(TypeScriptClient.Compiler)) Skip = "The TypeScript compiler is missing; run 'npm ci' in clients/typescript, as .ci/run does.";
    }
}
