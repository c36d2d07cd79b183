using System.Text.Json.Nodes;
using LatentDb.ModelHost.Checkpoints;
using LatentDb.Testing;

namespace LatentDb.ModelHost.Tests.Checkpoints;

/// <summary>A golden checkpoint in a folder of its own, to be changed and opened again.</summary>
internal sealed class CheckpointCopy : IDisposable
{
    private readonly TempFolder _folder = new();

    public CheckpointCopy(string golden)
    {
        string source = RepositoryFiles.Combine("tests", "Golden", "setA", golden);
        Config = JsonNode.Parse(File.ReadAllBytes(Path.Combine(source, "config.json")))!.AsObject();
        Tensors = SafetensorsBytes.Read(Path.Combine(source, "model.safetensors"));
    }

    public JsonObject Config { get; }

    public Dictionary<string, SafetensorsBytes.Tensor> Tensors { get; }

    public string FolderPath => _folder.Path;

    public string ModelPath => _folder.Combine("model.safetensors");

    /// <summary>Writes what there is now and opens it.</summary>
    public CheckpointFolder Open()
    {
        WriteConfig();
        File.WriteAllBytes(ModelPath, SafetensorsBytes.Make(Tensors));
        return CheckpointFolder.Open(_folder.Path);
    }

    public void WriteConfig() => File.WriteAllText(_folder.Combine("config.json"), Config.ToJsonString());

    public void WriteFile(string name, byte[] bytes) => File.WriteAllBytes(_folder.Combine(name), bytes);

    /// <summary>Renames tensors; null drops one.</summary>
    public void Rename(Func<string, string?> newName)
    {
        KeyValuePair<string, SafetensorsBytes.Tensor>[] all = [.. Tensors];
        Tensors.Clear();
        foreach ((string name, SafetensorsBytes.Tensor tensor) in all)
        {
            if (newName(name) is { } kept) Tensors.Add(kept, tensor);
        }
    }

    public void Dispose() => _folder.Dispose();
}
