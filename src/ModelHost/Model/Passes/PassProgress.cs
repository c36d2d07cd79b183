namespace LatentDb.ModelHost.Model.Passes;

/// <summary>What <see cref="IResumablePass.Run"/> says.</summary>
/// <param name="State">What comes next.</param>
/// <param name="Until">Done when the rows are there, faulted when they cannot be had; only while the pass waits.</param>
internal readonly record struct PassProgress(PassState State, Task? Until)
{
    public static PassProgress More => new(PassState.More, null);

    public static PassProgress Finished => new(PassState.Finished, null);

    public static PassProgress Waits(Task until) => new(PassState.Waits, until);
}
